#include "services/gateway/openapi/document.h"

#include <google/protobuf/descriptor.pb.h>

#include <utility>

#include "libs/identity/method_access.h"
#include "libs/identity/role_names.h"
#include "services/gateway/openapi/comments.h"
#include "services/gateway/openapi/schemas.h"

namespace lmsmail::gateway {
namespace {

using google::protobuf::MethodDescriptor;
using google::protobuf::ServiceDescriptor;
using nlohmann::ordered_json;

constexpr char kIntroduction[] =
    "Every RPC of LMS Mail by the unary Connect protocol (https://connectrpc.com/docs/protocol/): "
    "a "
    "POST with JSON in the proto3 JSON mapping, or with binary Protobuf. Requests may write names "
    "of "
    "fields as here or as in the proto files. Answers leave out fields with empty values. Unknown "
    "and duplicate fields are errors.";

ordered_json ErrorSchema() {
  return {{"type", "object"},
          {"description", "Why a call failed."},
          {"properties",
           {{"code",
             {{"type", "string"},
              {"enum",
               {"canceled", "unknown", "invalid_argument", "deadline_exceeded", "not_found",
                "already_exists", "permission_denied", "resource_exhausted", "failed_precondition",
                "aborted", "out_of_range", "unimplemented", "internal", "unavailable", "data_loss",
                "unauthenticated"}}}},
            {"message", {{"type", "string"}, {"description", "What is wrong, and what to do."}}},
            {"details",
             {{"type", "array"},
              {"description",
               "Messages of google.rpc: an ErrorInfo always, a BadRequest with the fields that are "
               "wrong, and a RetryInfo when the call may be repeated."},
              {"items",
               {{"type", "object"},
                {"properties",
                 {{"type", {{"type", "string"}, {"description", "The full name of the message."}}},
                  {"value",
                   {{"type", "string"},
                    {"contentEncoding", "base64"},
                    {"description", "Its bytes in base64 without padding."}}},
                  {"debug", {{"description", "Its JSON, for people."}}}}},
                {"required", ordered_json::array({"type", "value"})}}}}}}},
          {"required", ordered_json::array({"code"})}};
}

ordered_json Parameters() {
  return {{"ConnectProtocolVersion",
           {{"name", "Connect-Protocol-Version"},
            {"in", "header"},
            {"description", "Clients of Connect send it; others need not."},
            {"schema", {{"type", "string"}, {"const", "1"}}}}},
          {"ConnectTimeoutMs",
           {{"name", "Connect-Timeout-Ms"},
            {"in", "header"},
            {"description", "How long the call may take, in milliseconds."},
            {"schema", {{"type", "integer"}, {"minimum", 1}, {"maximum", 9999999999}}}}},
          {"RequestId",
           {{"name", "X-Request-Id"},
            {"in", "header"},
            {"description",
             "Finds the call in the logs of all services; returned as Trailer-X-Request-Id."},
            {"schema", {{"type", "string"}, {"pattern", "^[!-~]{1,128}$"}}}}}};
}

ordered_json Reference(const std::string& kind, const std::string& name) {
  return {{"$ref", "#/components/" + kind + "/" + name}};
}

ordered_json Content(const MethodDescriptor& method, ordered_json message) {
  if (method.client_streaming()) {
    return {{"application/x-ndjson",
             {{"schema",
               {{"type", "string"},
                {"description", "One " + method.input_type()->name() +
                                    " a line, in JSON without line breaks. A body with a line that "
                                    "is none has no effect."},
                {"contentSchema", std::move(message)}}}}}};
  }
  return {{"application/json", {{"schema", std::move(message)}}},
          {"application/proto", {{"schema", ordered_json::object()}}}};
}

// The roles of which a caller needs one; see lmsmail/type/v1/access.proto.
ordered_json RolesOf(const MethodDescriptor& method) {
  ordered_json names = ordered_json::array();
  for (const identity::Role role : identity::MethodAccess::Of(method).roles) {
    names.push_back(identity::RoleName(role));
  }
  return names;
}

ordered_json Operation(const MethodDescriptor& method, Schemas& schemas) {
  const std::string comment = CommentOf(method);
  ordered_json response = {{"application/json", {{"schema", schemas.Of(*method.output_type())}}}};
  if (!method.client_streaming())
    response["application/proto"] = {{"schema", ordered_json::object()}};
  ordered_json operation = {
      {"operationId", method.service()->name() + "_" + method.name()},
      {"tags", ordered_json::array({method.service()->full_name()})},
      {"summary", FirstSentence(comment)},
      {"description", comment},
      {"parameters", ordered_json::array({Reference("parameters", "ConnectProtocolVersion"),
                                          Reference("parameters", "ConnectTimeoutMs"),
                                          Reference("parameters", "RequestId")})},
      {"requestBody",
       {{"required", true}, {"content", Content(method, schemas.Of(*method.input_type()))}}},
      {"responses",
       {{"200", {{"description", "The call succeeded."}, {"content", std::move(response)}}},
        {"default", Reference("responses", "Error")}}}};
  operation["x-roles"] = RolesOf(method);
  if (method.options().deprecated()) operation["deprecated"] = true;
  return operation;
}

}  // namespace

ordered_json OpenApiDocument(const std::vector<const ServiceDescriptor*>& services,
                             const std::string& version) {
  Schemas schemas;
  for (const ServiceDescriptor* service : services) {
    for (int i = 0; i < service->method_count(); ++i) {
      schemas.AddResponse(*service->method(i)->output_type());
    }
  }
  ordered_json tags = ordered_json::array();
  ordered_json paths = ordered_json::object();
  for (const ServiceDescriptor* service : services) {
    tags.push_back({{"name", service->full_name()}, {"description", CommentOf(*service)}});
    for (int i = 0; i < service->method_count(); ++i) {
      const MethodDescriptor& method = *service->method(i);
      paths["/" + service->full_name() + "/" + method.name()] = {
          {"post", Operation(method, schemas)}};
    }
  }
  ordered_json all_schemas = schemas.TakeAll();
  all_schemas["connect.Error"] = ErrorSchema();
  return {
      {"openapi", "3.1.0"},
      {"info", {{"title", "LMS Mail"}, {"version", version}, {"description", kIntroduction}}},
      {"servers", ordered_json::array({{{"url", "/"}}})},
      // A deployment without a callers file needs no token.
      {"security",
       ordered_json::array({ordered_json::object(), {{"token", ordered_json::array()}}})},
      {"tags", std::move(tags)},
      {"paths", std::move(paths)},
      {"components",
       {{"schemas", std::move(all_schemas)},
        {"parameters", Parameters()},
        {"securitySchemes", {{"token", {{"type", "http"}, {"scheme", "bearer"}}}}},
        {"responses",
         {{"Error",
           {{"description", "The call failed."},
            {"content",
             {{"application/json", {{"schema", Reference("schemas", "connect.Error")}}}}}}}}}}}};
}

}  // namespace lmsmail::gateway
