//! What comes on a stream: each kind of message with its shape and an example that the very type of it has written.

use serde::Serialize;
use utoipa::{
    ToSchema,
    openapi::{RefOr, Schema},
};

use crate::wire::json::Json;

/// One kind of message.
pub struct Event {
    /// Its name: `event:`, or the `type` or `op` of messages without one.
    pub name: &'static str,
    pub about: &'static str,
    /// What it looks like.
    pub schema: Json,
    pub example: Json,
}

impl Event {
    /// `{"name","description","schema","example"}`
    pub fn described(&self) -> Json {
        Json::object([
            ("name", Json::word(self.name)),
            ("description", Json::word(self.about)),
            ("schema", self.schema.clone()),
            ("example", self.example.clone()),
        ])
    }
}

/// The messages of one endpoint.
pub struct Stream {
    pub method: &'static str,
    pub path: &'static str,
    /// The kind of content that they are the answer in; `None` where they come over a socket.
    pub content: Option<&'static str>,
    /// What the server says.
    pub events: Vec<Event>,
    /// What the client says.
    pub commands: Vec<Event>,
}

/// Shapes with a name that the messages refer to.
#[derive(Default)]
pub struct Shapes {
    found: Vec<(String, Json)>,
    /// Names that two different shapes have.
    pub twice: Vec<String>,
}

impl Shapes {
    /// A reference to the shape of a type, which is among the found ones from now on.
    pub fn of<T: ToSchema>(&mut self) -> Json {
        let mut all = vec![(T::name().into_owned(), T::schema())];
        T::schemas(&mut all);
        for (name, schema) in all {
            self.add(name, Json::of::<RefOr<Schema>>(&schema));
        }
        reference(&T::name())
    }

    /// A reference to a shape that is of no type.
    pub fn named(&mut self, name: &str, schema: Json) -> Json {
        self.add(name.to_owned(), schema);
        reference(name)
    }

    fn add(&mut self, name: String, schema: Json) {
        match self.found.iter().find(|(known, _)| *known == name) {
            None => self.found.push((name, schema)),
            Some((_, known)) if *known == schema => {}
            Some(_) => self.twice.push(name),
        }
    }

    /// Adds what was found to the named shapes of a description.
    pub fn put_into(self, document: &mut Json) -> Vec<String> {
        let Self { found, mut twice } = self;
        if let Some(schemas) = document.at_mut(&["components", "schemas"]) {
            for (name, schema) in found {
                match schemas.get(&name) {
                    Json::Null => schemas.set(&name, schema),
                    known if *known == schema => {}
                    _ => twice.push(name),
                }
            }
        }
        twice
    }
}

fn reference(name: &str) -> Json {
    Json::object([("$ref", Json::word(format!("#/components/schemas/{name}")))])
}

/// An object with these fields, all of which are there.
pub fn shape<const N: usize>(fields: [(&str, Json); N]) -> Json {
    let required = fields.iter().map(|(name, _)| Json::word(*name)).collect();
    Json::object([
        ("type", Json::word("object")),
        ("required", Json::List(required)),
        ("properties", Json::object(fields)),
    ])
}

/// A text that is always the same.
pub fn constant(text: &str) -> Json {
    Json::object([("type", Json::word("string")), ("const", Json::word(text))])
}

/// A text, in words.
pub fn text(about: &str) -> Json {
    Json::object([("type", Json::word("string")), ("description", Json::word(about))])
}

/// An event whose data is of this type.
pub fn event<T: Serialize + ToSchema>(
    shapes: &mut Shapes,
    name: &'static str,
    about: &'static str,
    example: &T,
) -> Event {
    Event { name, about, schema: shapes.of::<T>(), example: Json::of(example) }
}
