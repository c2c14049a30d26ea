// Validates the OpenAPI document, and answers of the services against its schemas.
import assert from "node:assert/strict";
import { Validator } from "@seriousme/openapi-schema-validator";
import Ajv from "ajv/dist/2020.js";
import { baseUrl, services } from "./api.mjs";

const document = await (await fetch(`${baseUrl}/openapi.json`)).json();
const validation = await new Validator().validate(structuredClone(document));
assert.ok(validation.valid, JSON.stringify(validation.errors));
assert.equal(document.openapi, "3.1.0");

const paths = services.flatMap((service) =>
  service.methods.map((method) => `/${service.typeName}/${method.name}`),
);
assert.deepEqual(Object.keys(document.paths).sort(), paths.sort());

const references = JSON.stringify(document).matchAll(/"\$ref":"#\/components\/(\w+)\/([^"]+)"/g);
for (const [, kind, name] of references) assert.ok(document.components[kind][name], name);
for (const [name, schema] of Object.entries(document.components.schemas)) {
  for (const [property, { description }] of Object.entries(schema.properties ?? {})) {
    if (name.startsWith("lmsmail.")) assert.ok(description, `${name}.${property}`);
  }
}

const ajv = new Ajv({ strict: false, validateFormats: false });
ajv.addSchema(document, "api");
const schemaAt = (...path) =>
  ajv.getSchema(
    `api#/${path.map((part) => encodeURIComponent(part.replaceAll("~", "~0").replaceAll("/", "~1"))).join("/")}`,
  );

const answersOf = {
  "lmsmail.templates.v1.TemplateService/ListTemplates": {},
  "lmsmail.templates.v1.TemplateService/GetTemplate": { name: "templates/weekly_progress" },
  "lmsmail.preference.v1.PreferenceService/ListRecipients": {},
  "lmsmail.dispatch.v1.DispatchService/GetQueueStats": {},
  "lmsmail.dispatch.v1.DispatchService/ListMessages": {},
  "lmsmail.dispatch.v1.DispatchService/ListTransports": {},
  "lmsmail.dispatch.v1.DispatchService/ExplainMessage": { requestId: "connect/json" },
  "lmsmail.dispatch.v1.DispatchService/Send": {},
  "lmsmail.scheduler.v1.SchedulerService/ListSchedules": {},
  "lmsmail.scheduler.v1.SchedulerService/ListAutomations": {},
  "lmsmail.report.v1.ReportService/ListCourses": {},
};
for (const [method, request] of Object.entries(answersOf)) {
  const response = await fetch(`${baseUrl}/${method}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(request),
  });
  const body = await response.json();
  const media = ["content", "application/json", "schema"];
  const operation = ["paths", `/${method}`, "post"];
  const schema = response.ok
    ? schemaAt(...operation, "responses", "200", ...media)
    : schemaAt("components", "responses", "Error", ...media);
  assert.ok(schema(body), `${method}: ${JSON.stringify(schema.errors)} ${JSON.stringify(body)}`);
  const requestSchema = schemaAt(...operation, "requestBody", ...media);
  assert.equal(requestSchema(request), response.ok, `${method}: ${JSON.stringify(requestSchema.errors)}`);
}
console.log("openapi: ok");
