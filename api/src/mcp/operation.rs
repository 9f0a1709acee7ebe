//! Which operations of the document an assistant may call, and how each is called.

use actix_web::http::Method;
use mamori_domain::access::{Scope, Scopes};
use rmcp::model::{Tool, ToolAnnotations};
use serde_json::{Map, Value, json};

use super::schema::{BODY, LANGUAGE, input};

/// What a token is asked for: to read, and nothing else.
pub(super) const READING: [Scope; 4] =
    [Scope::OrganizationsRead, Scope::AssessmentsRead, Scope::RisksRead, Scope::DeclarationsRead];

/// An operation that changes nothing and answers in JSON.
#[derive(Debug)]
pub(super) struct Operation {
    pub(super) tool: Tool,
    pub(super) method: Method,
    /// The path, its parameters in braces.
    pub(super) path: String,
    pub(super) parameters: Vec<Parameter>,
    pub(super) body: Body,
    /// The ways to be let in: without a token, or with one of these scopes.
    admission: Vec<Option<Scopes>>,
}

/// A parameter of the path or the query.
#[derive(Debug)]
pub(super) struct Parameter {
    pub(super) name: String,
    pub(super) in_path: bool,
    pub(super) required: bool,
    pub(super) schema: Value,
}

/// How the body of a request is given.
#[derive(Debug)]
pub(super) enum Body {
    /// There is none.
    None,
    /// Its fields are arguments of the tool.
    Fields(Value),
    /// It is one argument.
    Whole { schema: Value, needed: bool },
}

impl Operation {
    /// Every operation of the document that can be a tool.
    pub(super) fn all(document: &Value) -> Vec<Self> {
        let paths = document.get("paths").and_then(Value::as_object);
        let items = paths.into_iter().flatten().filter(|(path, _)| path.starts_with("/v1/"));
        let operations = items.flat_map(|(path, item)| {
            let methods = item.as_object().into_iter().flatten();
            methods.filter_map(move |(method, said)| Self::read(document, path, method, said))
        });
        operations.collect()
    }

    /// Reads an operation; nothing where it changes something, is for administrators, or answers
    /// with a file.
    fn read(document: &Value, path: &str, method: &str, said: &Value) -> Option<Self> {
        let method = match method {
            "get" => Method::GET,
            "post" => Method::POST,
            _ => return None,
        };
        let admission = admission(said)?;
        let content = said.pointer("/responses/200/content")?.as_object()?;
        let file = content.keys().any(|kind| kind.starts_with("application/vnd."));
        if !content.contains_key("application/json") || file {
            return None;
        }
        let given: Vec<_> = list(said, "parameters").iter().map(|one| led(document, one)).collect();
        // What records takes who is behind it, or what it rests on, or a key for its retry.
        let records = |one: &Value| {
            let header = text(one, "name")?;
            Some(["Mamori-Actor", "If-Match", "Idempotency-Key"].contains(&header))
        };
        if given.iter().filter_map(records).any(|records| records) {
            return None;
        }
        let bodies = said.pointer("/requestBody/content").and_then(Value::as_object);
        // Beside a CSV the query says what JSON has in its body.
        let query = bodies.is_none_or(|bodies| !bodies.contains_key("text/csv"));
        let parameters: Vec<_> =
            given.iter().filter_map(parameter).filter(|one| one.in_path || query).collect();
        let body = body(document, said, &parameters);
        let name = text(said, "operationId")?.to_owned();
        let tool = tool(document, &name, said, &parameters, &body);
        Some(Self { tool, method, path: path.to_owned(), parameters, body, admission })
    }

    /// Whether whoever has these scopes may call it; nobody has any without a token.
    pub(super) fn admits(&self, scopes: Option<&Scopes>) -> bool {
        self.admission.iter().any(|needed| match needed {
            None => true,
            Some(needed) => {
                scopes.is_some_and(|scopes| needed.iter().all(|scope| scopes.allow(scope)))
            }
        })
    }

    /// Whether it answers page by page.
    pub(super) fn is_paged(&self) -> bool {
        self.parameters.iter().any(|parameter| parameter.name == "cursor")
    }
}

fn text<'a>(value: &'a Value, field: &str) -> Option<&'a str> {
    value.get(field).and_then(Value::as_str)
}

fn list(value: &Value, field: &str) -> Vec<Value> {
    value.get(field).and_then(Value::as_array).cloned().unwrap_or_default()
}

/// The ways to be let in; nothing where one of them needs more than to read.
fn admission(said: &Value) -> Option<Vec<Option<Scopes>>> {
    let ways = said.get("security")?.as_array()?;
    let way = |way: &Value| {
        let schemes = way.as_object()?;
        if schemes.is_empty() {
            return Some(None);
        }
        let scopes = schemes.get("oauth2").filter(|_| schemes.len() == 1)?.as_array()?;
        let scope = |scope: &Value| {
            let scope = Scope::parse(scope.as_str()?)?;
            READING.contains(&scope).then_some(scope)
        };
        scopes.iter().map(scope).collect::<Option<Scopes>>().map(Some)
    };
    if ways.is_empty() {
        return Some(vec![None]);
    }
    ways.iter().map(way).collect()
}

/// What a reference leads to; anything else as it is.
fn led(document: &Value, said: &Value) -> Value {
    let target =
        text(said, "$ref").and_then(|target| document.pointer(target.trim_start_matches('#')));
    target.unwrap_or(said).clone()
}

/// A parameter of the path or the query. Headers are not for assistants: their language is an
/// argument, and the rest is of caches.
fn parameter(said: &Value) -> Option<Parameter> {
    let place = text(said, "in").filter(|place| matches!(*place, "path" | "query"))?;
    let mut schema = said.get("schema").cloned().unwrap_or_else(|| json!({}));
    if let Some(fields) = schema.as_object_mut() {
        for about in ["description", "example"] {
            if let Some(words) = said.get(about) {
                fields.insert(about.to_owned(), words.clone());
            }
        }
        // A schema has a list of examples.
        if let Some(example) = fields.remove("example") {
            fields.insert("examples".to_owned(), json!([example]));
        }
    }
    Some(Parameter {
        name: text(said, "name")?.to_owned(),
        in_path: place == "path",
        required: said.get("required").and_then(Value::as_bool).unwrap_or(false),
        schema,
    })
}

/// A body whose fields can stand among the parameters does: models fill in flat arguments best.
fn body(document: &Value, said: &Value, parameters: &[Parameter]) -> Body {
    let Some(schema) = said.pointer("/requestBody/content/application~1json/schema") else {
        return Body::None;
    };
    let needed = said.pointer("/requestBody/required").and_then(Value::as_bool).unwrap_or(false);
    let target = text(schema, "$ref").map(|target| target.trim_start_matches('#'));
    let plain = target.and_then(|target| document.pointer(target)).unwrap_or(schema);
    let clashes = |name: &String| {
        name == LANGUAGE || name == BODY || parameters.iter().any(|one| one.name == *name)
    };
    let fields = plain.get("properties").and_then(Value::as_object);
    if needed && fields.is_some_and(|fields| !fields.keys().any(clashes)) {
        return Body::Fields(plain.clone());
    }
    Body::Whole { schema: schema.clone(), needed }
}

fn tool(document: &Value, name: &str, said: &Value, parameters: &[Parameter], body: &Body) -> Tool {
    let language = json!({
        "type": "string",
        "enum": ["ja", "en"],
        "default": "ja",
        "description": "The language of the answer's texts: Japanese or English.",
    });
    let schema: Map<String, Value> = input(document, parameters, body, &language);
    let mut description = text(said, "description").unwrap_or_default().to_owned();
    if parameters.iter().any(|parameter| parameter.name == "cursor") {
        description.push_str(
            "\n\nAnswers a page at a time: as long as `next_cursor` is not null there is more; call \
             again with it as `cursor` and the other arguments as they were.",
        );
    }
    let title = text(said, "summary").unwrap_or(name);
    let annotations = ToolAnnotations::with_title(title)
        .read_only(true)
        .destructive(false)
        .idempotent(true)
        .open_world(false);
    Tool::new(name.to_owned(), description, schema).with_title(title).with_annotations(annotations)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(method: &str, said: &Value) -> Option<Operation> {
        let document = json!({"components": {"schemas": {
            "Input": {"properties": {"answers": {"type": "array"}}, "required": ["answers"]},
            "Clash": {"properties": {"id": {"type": "string"}}},
        }}});
        Operation::read(&document, "/v1/things/{id}", method, said)
    }

    fn said(change: impl FnOnce(&mut Value)) -> Value {
        let mut said = json!({
            "operationId": "get_thing",
            "security": [{"oauth2": ["risks:read"]}],
            "parameters": [{"name": "id", "in": "path", "required": true, "schema": {"type": "string"}}],
            "responses": {"200": {"content": {"application/json": {}}}},
        });
        change(&mut said);
        said
    }

    #[test]
    fn only_what_reads_is_a_tool() {
        assert!(read("get", &said(|_| {})).is_some());
        assert!(read("post", &said(|_| {})).is_some());
        for method in ["put", "patch", "delete", "head"] {
            assert!(read(method, &said(|_| {})).is_none(), "{method}");
        }
        for scope in ["risks:write", "admin", "nonsense"] {
            let other = said(|said| said["security"] = json!([{"oauth2": [scope]}]));
            assert!(read("get", &other).is_none(), "{scope}");
            let either = json!([{}, {"oauth2": ["risks:read", scope]}]);
            assert!(read("get", &said(|said| said["security"] = either)).is_none(), "{scope}");
        }
        let basic = said(|said| said["security"] = json!([{"basic": []}]));
        assert!(read("get", &basic).is_none());
        let unsaid = said(|said| drop(said.as_object_mut().unwrap().remove("security")));
        assert!(read("get", &unsaid).is_none());
        for header in ["Mamori-Actor", "If-Match", "Idempotency-Key"] {
            let records = said(|said| {
                said["parameters"] = json!([{"name": header, "in": "header"}]);
            });
            assert!(read("post", &records).is_none(), "{header}");
        }
        for kind in ["text/calendar", "image/svg+xml", "application/vc+jwt"] {
            let other = said(|said| said["responses"]["200"]["content"] = json!({kind: {}}));
            assert!(read("get", &other).is_none(), "{kind}");
        }
        let file = json!({"application/json": {}, "application/vnd.sheet": {}});
        assert!(read("get", &said(|s| s["responses"]["200"]["content"] = file)).is_none());
        let created = said(|said| said["responses"] = json!({"201": {"content": {}}}));
        assert!(read("post", &created).is_none());
    }

    #[test]
    fn a_tool_is_offered_to_whom_its_operation_admits() {
        let scopes = Scopes::parse("risks:read").unwrap();
        let others = Scopes::parse("organizations:read").unwrap();
        let closed = read("get", &said(|_| {})).unwrap();
        assert!(closed.admits(Some(&scopes)));
        assert!(!closed.admits(Some(&others)) && !closed.admits(None));
        let open = json!([{}, {"oauth2": []}]);
        let open = read("get", &said(|said| said["security"] = open)).unwrap();
        assert!(open.admits(None) && open.admits(Some(&others)));
        let any = json!([{"oauth2": []}]);
        let any = read("get", &said(|said| said["security"] = any)).unwrap();
        assert!(!any.admits(None) && any.admits(Some(&others)));
    }

    #[test]
    fn the_fields_of_a_body_are_arguments_unless_they_clash() {
        let with = |name: &str| {
            let schema = json!({"$ref": format!("#/components/schemas/{name}")});
            let content = json!({"application/json": {"schema": schema}});
            let body = json!({"required": true, "content": content});
            read("post", &said(|said| said["requestBody"] = body)).unwrap().tool
        };
        let flat = with("Input");
        assert!(flat.input_schema["properties"]["answers"].is_object());
        assert_eq!(flat.input_schema["required"], json!(["id", "answers"]));
        let nested = with("Clash");
        assert!(nested.input_schema["properties"][BODY].is_object());
        assert!(nested.input_schema["$defs"]["Clash"].is_object());
    }
}
