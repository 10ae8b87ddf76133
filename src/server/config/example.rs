//! The commented example file, made from the list of keys.

use super::{VenueDefaults, keys, layers};

/// An example file with every key, its meaning, its default and its environment name.
pub fn text(venues: &[VenueDefaults]) -> String {
    let defaults = layers::Layers::new(venues.to_vec());
    let mut lines = vec![
        "# Market Pulse: every setting with its default. A line that is a comment changes nothing.".to_owned(),
        "# Each key has an environment name too, which wins over this file; flags win over both.".to_owned(),
    ];
    let mut section = String::new();
    for key in keys::all(venues) {
        let (table, name) = key.name.rsplit_once('.').unwrap_or(("", &key.name));
        if table != section {
            lines.extend([String::new(), format!("[{table}]")]);
            table.clone_into(&mut section);
        }
        if let Some(setting) = defaults.get(&key.name) {
            lines.push(format!("# {}", key.doc));
            lines.push(format!("# {}", key.environment_name()));
            lines.push(format!("# {name} = {}", layers::write_raw(key.kind, &setting.raw)));
        }
    }
    lines.join("\n") + "\n"
}
