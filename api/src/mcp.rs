//! mamori for assistants: the operations that change nothing, as a Model Context Protocol server on
//! standard input and output.
//!
//! The tools are made of the OpenAPI document, and a call of one is a request to the application in
//! this process: what an assistant can reach is what its token can, by the same rules.

mod call;
mod operation;
mod prompt;
mod resource;
mod schema;
mod session;

use mamori_domain::text::Language;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, ErrorCode, GetPromptRequestParams, GetPromptResponse,
    Implementation, ListPromptsResult, ListResourceTemplatesResult, ListResourcesResult,
    ListToolsResult, PaginatedRequestParams, ReadResourceRequestParams, ReadResourceResponse,
    ServerCapabilities, ServerConfig, Tool,
};
use rmcp::service::RequestContext;
use rmcp::{ErrorData, RoleServer, ServerHandler, ServiceExt};
use tokio::signal::unix::{SignalKind, signal};

use crate::Service;
use operation::Operation;
use prompt::Template;
use session::Session;

pub use session::Access;

/// The server of one assistant.
struct Server {
    session: Session,
    operations: Vec<Operation>,
    prompts: Vec<Template>,
}

/// Serves an assistant on standard input and output, until its end or a signal.
///
/// # Errors
///
/// In words for the operator: the credentials are not good, or an assistant spoke something else.
pub async fn assist(service: Service, access: Option<Access>) -> Result<(), String> {
    let (mut interrupt, mut terminate) = (
        signal(SignalKind::interrupt()).map_err(|error| error.to_string())?,
        signal(SignalKind::terminate()).map_err(|error| error.to_string())?,
    );
    let server = Server::open(service.clone(), access).await?;
    tokio::task::spawn_local(crate::follow_epoch(service));
    tracing::info!(tools = server.operations.len(), "mamori listens to an assistant");
    let served = async {
        let running = match server.serve(rmcp::transport::stdio_pipes()).await {
            Ok(running) => running,
            // Nobody has said anything yet.
            Err(rmcp::service::ServerInitializeError::ConnectionClosed(_)) => return Ok(()),
            // What was said instead is not repeated.
            Err(_) => return Err("the other side does not speak the protocol".to_owned()),
        };
        running.waiting().await.map(drop).map_err(|error| error.to_string())
    };
    tokio::select! {
        served = served => served,
        _ = interrupt.recv() => Ok(()),
        _ = terminate.recv() => Ok(()),
    }
}

/// What the instructions end with, where companies can be read …
const REACH: &str = "- Begin with `list_organizations` for the id of a company; most tools take it as \
    `id`. What is not there and what may not be seen here are both \"not found\".\n";
/// … and where none can.
const NO_REACH: &str = "- No client is named, so no company can be read here: only what is public, and \
    what calculates with what it is given.\n";

impl Server {
    async fn open(service: Service, access: Option<Access>) -> Result<Self, String> {
        let (session, scopes) = Session::open(service, access).await?;
        let document = serde_json::from_str(crate::openapi::PUBLISHED)
            .map_err(|error| format!("the document: {error}"))?;
        let mut operations = Operation::all(&document);
        operations.retain(|operation| operation.admits(scopes.as_ref()));
        let named = |name: &str| operations.iter().any(|operation| operation.tool.name == name);
        let prompts = prompt::offered(named)?;
        Ok(Self { session, operations, prompts })
    }

    fn operation(&self, name: &str) -> Option<&Operation> {
        self.operations.iter().find(|operation| operation.tool.name == name)
    }
}

impl ServerHandler for Server {
    fn get_info(&self) -> ServerConfig {
        let capabilities = ServerCapabilities::builder()
            .enable_tools()
            .enable_resources()
            .enable_prompts()
            .build();
        let named = Implementation::new("mamori", env!("CARGO_PKG_VERSION"))
            .with_title("mamori (守り)")
            .with_description("IPA's security guideline for small companies, to read");
        let reach = if self.session.is_somebody() { REACH } else { NO_REACH };
        ServerConfig::new(capabilities)
            .with_server_info(named)
            .with_instructions(format!("{}{reach}", include_str!("mcp/instructions.md")))
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let tools = self.operations.iter().map(|operation| operation.tool.clone()).collect();
        Ok(ListToolsResult::with_all_items(tools))
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        self.operation(name).map(|operation| operation.tool.clone())
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let Some(operation) = self.operation(&request.name) else {
            return Err(ErrorData::new(ErrorCode::INVALID_PARAMS, "there is no such tool", None));
        };
        let arguments = request.arguments.unwrap_or_default();
        let language = call::language(&arguments);
        let spoken = *language.as_ref().unwrap_or(&Language::Ja);
        let asked = language.and_then(|language| operation.asked(arguments, language));
        let result = match asked {
            Err(problem) => call::amiss_told(&problem, self.session.service().catalogue(), spoken),
            Ok(asked) => match self.session.call(asked).await {
                Ok(told) => operation.told(&told, spoken),
                Err(why) => call::failed(&why),
            },
        };
        Ok(result.into())
    }

    async fn list_resources(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        Ok(ListResourcesResult::with_all_items(resource::listed(&self.session)))
    }

    async fn list_resource_templates(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        Ok(ListResourceTemplatesResult::with_all_items(vec![resource::template()]))
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        resource::read(&self.session, &request.uri).await.map(Into::into)
    }

    async fn list_prompts(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListPromptsResult, ErrorData> {
        let prompts = self.prompts.iter().map(Template::listed).collect();
        Ok(ListPromptsResult::with_all_items(prompts))
    }

    async fn get_prompt(
        &self,
        request: GetPromptRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<GetPromptResponse, ErrorData> {
        let missing = || ErrorData::invalid_params("there is no such prompt", None);
        let prompt = self.prompts.iter().find(|prompt| prompt.is_called(&request.name));
        let arguments = request.arguments.unwrap_or_default();
        prompt.ok_or_else(missing)?.filled(&arguments).map(Into::into)
    }
}
