//! Reads what is told to Prometheus, as strictly as its own tools do, for tests.

use std::collections::BTreeMap;

/// Which form the text is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    OpenMetrics,
    Prometheus,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Family {
    /// As it is written after `# TYPE`.
    pub name: String,
    pub kind: String,
    pub samples: Vec<Sample>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    pub name: String,
    pub labels: BTreeMap<String, String>,
    pub value: f64,
}

/// A whole text that was found sound.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading(pub Vec<Family>);

impl Reading {
    /// # Panics
    /// Where the text is not as it must be.
    pub fn of(text: &str, form: Form) -> Self {
        let mut families: Vec<Family> = Vec::new();
        let body = match form {
            Form::OpenMetrics => text.strip_suffix("# EOF\n").expect("an end"),
            Form::Prometheus => text,
        };
        assert!(body.is_empty() || body.ends_with('\n'), "the last line has an end");
        let mut lines = body.lines().peekable();
        while let Some(line) = lines.next() {
            let (name, help) = line.strip_prefix("# HELP ").and_then(|l| l.split_once(' ')).expect(line);
            assert!(help.len() > 5 && help.ends_with('.') && !help.contains(".."), "a sentence: {line}");
            let line = lines.next().expect("a type");
            let (typed, kind) = line.strip_prefix("# TYPE ").and_then(|l| l.split_once(' ')).expect(line);
            assert_eq!(typed, name);
            let unit = lines.next_if(|line| line.starts_with("# UNIT "));
            let mut family = Family { name: name.to_owned(), kind: kind.to_owned(), samples: Vec::new() };
            while let Some(line) = lines.next_if(|line| !line.starts_with('#')) {
                family.samples.push(sample(line));
            }
            check(&family, unit, form);
            assert!(families.iter().all(|other| other.name != name), "{name} comes twice");
            families.push(family);
        }
        Self(families)
    }

    /// The value of the series with this name and with exactly these labels.
    pub fn get(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let labels: BTreeMap<String, String> = labels.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let mut samples = self.samples().filter(|sample| sample.name == name && sample.labels == labels);
        samples.next().map(|sample| sample.value)
    }

    /// The sum of the series with this name and at least these labels; 0 of none.
    pub fn sum(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        let fits = |sample: &&Sample| {
            sample.name == name && labels.iter().all(|(k, v)| sample.labels.get(*k).is_some_and(|value| value == v))
        };
        self.samples().filter(fits).map(|sample| sample.value).sum()
    }

    pub fn samples(&self) -> impl Iterator<Item = &Sample> {
        self.0.iter().flat_map(|family| &family.samples)
    }
}

fn sample(line: &str) -> Sample {
    let name_end = line.find(['{', ' ']).expect(line);
    let (name, rest) = line.split_at(name_end);
    assert!(is_name(name), "{line}");
    let mut labels = BTreeMap::new();
    let rest = match rest.strip_prefix('{') {
        None => rest,
        Some(mut rest) => loop {
            if let Some(after) = rest.strip_prefix('}') {
                break after;
            }
            let (key, quoted) = rest.split_once("=\"").expect(line);
            assert!(is_name(key) && !key.starts_with("__"), "{line}");
            let (value, after) = unquote(quoted).expect(line);
            assert!(labels.insert(key.to_owned(), value).is_none(), "a label twice: {line}");
            rest = after.strip_prefix(',').unwrap_or(after);
        },
    };
    let value = rest.strip_prefix(' ').expect(line);
    let value = if value == "+Inf" { f64::INFINITY } else { value.parse().expect(line) };
    Sample { name: name.to_owned(), labels, value }
}

/// A text up to the quote that ends it, and what follows.
fn unquote(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, char)) = chars.next() {
        match char {
            '"' => return Some((value, &text[at + 1..])),
            '\\' => value.push(match chars.next()?.1 {
                'n' => '\n',
                other @ ('\\' | '"') => other,
                _ => return None,
            }),
            other => value.push(other),
        }
    }
    None
}

fn is_name(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next().is_some_and(|c| c.is_ascii_lowercase())
        && chars.all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

fn check(family: &Family, unit: Option<&str>, form: Form) {
    let Family { name, kind, samples } = family;
    assert!(is_name(name), "{name}");
    assert!(!samples.is_empty(), "{name} has no samples");
    let mut seen = std::collections::BTreeSet::new();
    for sample in samples {
        assert!(seen.insert((&sample.name, &sample.labels)), "a series twice: {sample:?}");
        assert!(!sample.value.is_nan(), "{sample:?}");
        let names: Vec<&String> = sample.labels.keys().filter(|key| *key != "le").collect();
        let first: Vec<&String> = samples[0].labels.keys().filter(|key| *key != "le").collect();
        assert_eq!(names, first, "all series of {name} have the same labels");
    }
    let last_word = name.trim_end_matches("_total").rsplit('_').next().expect("a word");
    for (short, long) in [("ms", "seconds"), ("sec", "seconds"), ("kb", "bytes"), ("mb", "bytes")] {
        assert_ne!(last_word, short, "{name} is in {long}");
    }
    match (form, unit) {
        (Form::OpenMetrics, Some(unit)) => {
            let (of, unit) = unit.strip_prefix("# UNIT ").and_then(|u| u.split_once(' ')).expect("a unit");
            assert!(of == name && matches!(unit, "seconds" | "bytes") && name.ends_with(&format!("_{unit}")), "{name}");
        }
        (Form::OpenMetrics, None) => assert!(!matches!(last_word, "seconds" | "bytes"), "{name} tells its unit"),
        (Form::Prometheus, unit) => assert_eq!(unit, None, "this form knows no units"),
    }
    match kind.as_str() {
        "counter" => {
            let sampled = if form == Form::OpenMetrics { format!("{name}_total") } else { name.clone() };
            assert!(sampled.ends_with("_total") && !sampled.ends_with("_total_total"), "{name}");
            assert!(samples.iter().all(|sample| sample.name == sampled && sample.value >= 0.0), "{name}");
        }
        "gauge" => {
            for reserved in ["_total", "_count", "_sum", "_bucket"] {
                assert!(!name.ends_with(reserved), "{name}");
            }
            assert!(samples.iter().all(|sample| sample.name == *name), "{name}");
        }
        "histogram" => check_histogram(name, samples),
        other => panic!("{name} is a {other}"),
    }
}

fn check_histogram(name: &str, samples: &[Sample]) {
    let without_le = |sample: &Sample| {
        let mut labels = sample.labels.clone();
        labels.remove("le");
        labels
    };
    for count in samples.iter().filter(|sample| sample.name == format!("{name}_count")) {
        let of_it: Vec<&Sample> = samples.iter().filter(|sample| without_le(sample) == count.labels).collect();
        let buckets: Vec<(f64, f64)> = of_it
            .iter()
            .filter(|sample| sample.name == format!("{name}_bucket"))
            .map(|sample| {
                let le = &sample.labels["le"];
                (if le == "+Inf" { f64::INFINITY } else { le.parse().expect("a bound") }, sample.value)
            })
            .collect();
        assert!(buckets.is_sorted_by(|a, b| a.0 < b.0 && a.1 <= b.1), "{name}: {buckets:?}");
        assert_eq!(buckets.last(), Some(&(f64::INFINITY, count.value)), "{name}");
        let sums = of_it.iter().filter(|sample| sample.name == format!("{name}_sum")).count();
        assert_eq!(sums + buckets.len() + 1, of_it.len(), "{name} has nothing else");
    }
}
