// What of Scalar is used: a reference to read. Calls are tried in the console, and nobody else is asked for anything.
Scalar.createApiReference("#reference", {
  url: "/openapi.json",
  telemetry: false,
  withDefaultFonts: false,
  showDeveloperTools: "never",
  hideClientButton: true,
  hideTestRequestButton: true,
  agent: { disabled: true },
  mcp: { disabled: true },
  documentDownloadType: "none",
  showOperationId: true,
  orderSchemaPropertiesBy: "preserve",
  defaultHttpClient: { targetKey: "shell", clientKey: "curl" },
  // The samples that are left: one or two for each language that portals are written in.
  hiddenClients: {
    c: true, clojure: true, dart: true, fsharp: true, http: true, objc: true, ocaml: true, r: true,
    csharp: ["restsharp"], java: ["asynchttp", "unirest"], js: ["axios", "jquery", "ofetch", "xhr"],
    node: ["axios", "ofetch"], php: ["guzzle"], powershell: ["restmethod"], python: ["python3", "httpx_async"],
    shell: ["httpie", "wget"],
  },
});
