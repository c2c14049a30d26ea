#include "services/gateway/web/connect_handlers.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/time/clock.h"

#include "libs/rpc/status.h"
#include "libs/telemetry/limited_log.h"
#include "services/gateway/connect/error.h"
#include "services/gateway/connect/lines.h"
#include "services/gateway/connect/transcoder.h"
#include "services/gateway/web/connect_request.h"

namespace lmsmail::gateway {
namespace {

using http_server::Request;
using http_server::Response;

constexpr std::string_view kJson = "application/json";
constexpr std::string_view kProto = "application/proto";
constexpr std::string_view kJsonLines = "application/x-ndjson";

// The services return the request id as a trailer, which the protocol carries under this name.
Response WithRequestId(Response response, const std::string& request_id) {
  response.headers.Set("Trailer-X-Request-Id", request_id);
  return response;
}

Response ErrorResponse(const google::rpc::Status& error, const std::string& request_id) {
  return WithRequestId(Response::Json(HttpStatusOf(error.code()), ErrorJson(error)), request_id);
}

// The answer when the gateway itself refuses or fails. Like the services, it keeps the text of an
// error of its own for the log.
Response Refusal(const absl::Status& error, const std::string& request_id) {
  if (rpc::IsServerError(error.code())) {
    static telemetry::LimitedLog log(50, absl::Milliseconds(100));
    log.Log(telemetry::Level::kWarning, "JSON call failed",
            {{"request_id", request_id}, {"error", error}});
  }
  google::rpc::Status status;
  status.ParseFromString(
      rpc::ToGrpcStatus(error, {.service = "gateway", .correlation_id = request_id})
          .error_details());
  return ErrorResponse(status, request_id);
}

// With a status of HTTP that no code of the protocol has.
Response UnimplementedAs(int http_status, std::string text, const std::string& request_id) {
  Response response = Refusal(absl::UnimplementedError(text), request_id);
  response.status = http_status;
  return response;
}

Response UnknownMethod(std::string_view path, const std::string& request_id) {
  return UnimplementedAs(404,
                         fmt::format("there is no method {}; GET /openapi.json lists them",
                                     path.substr(std::min<std::size_t>(path.size(), 1), 200)),
                         request_id);
}

Response WrongType(const Method& method, const std::string& request_id) {
  const std::string types =
      method.client_streaming ? std::string(kJsonLines) : fmt::format("{}, {}", kJson, kProto);
  Response response = UnimplementedAs(
      415, fmt::format("the Content-Type of {} must be one of: {}", method.name, types),
      request_id);
  response.headers.Set("Accept-Post", types);
  return response;
}

bool Fits(const Method& method, Codec codec) {
  return method.client_streaming == (codec == Codec::kJsonLines);
}

}  // namespace

// One request from its arrival to its answer.
struct ConnectHandlers::Exchange {
  explicit Exchange(http_server::Responder given_responder)
      : responder(std::move(given_responder)) {}
  ~Exchange() {
    if (calls != nullptr) --*calls;
  }

  // Counts the call among those of its service. False if there are more than `max`.
  bool Count(std::atomic<std::int64_t>& counter, std::int64_t max) {
    calls = &counter;
    return ++counter <= max;
  }

  http_server::Responder responder;
  std::atomic<std::int64_t>* calls = nullptr;
  const Method* method = nullptr;
  Codec codec = Codec::kJson;
  OutgoingCall call;
  std::string request_id;
};

ConnectHandlers::ConnectHandlers(const MethodCatalog& catalog, Upstream& upstream,
                                 rpc::Executor& executor, rpc::Executor& stream_executor,
                                 Options options)
    : catalog_(catalog),
      upstream_(upstream),
      executor_(executor),
      stream_executor_(stream_executor),
      options_(options) {
  for (const Method& method : catalog.methods()) calls_.try_emplace(method.service, 0);
}

void ConnectHandlers::Call(Request request, http_server::Responder responder) {
  auto exchange = std::make_shared<Exchange>(std::move(responder));
  if (auto refusal = Begin(request, *exchange)) {
    return exchange->responder.Send(*std::move(refusal));
  }
  if (exchange->codec == Codec::kProto) return SendOn(exchange, std::move(request.body));
  rpc::Executor& executor = exchange->method->client_streaming ? stream_executor_ : executor_;
  const bool accepted =
      executor.TrySubmit([this, exchange, body = std::move(request.body)]() mutable {
        SendOn(exchange, std::move(body));
      });
  if (!accepted) {
    exchange->responder.Send(Refusal(rpc::Executor::Overloaded(), exchange->request_id));
  }
}

std::optional<Response> ConnectHandlers::Begin(const Request& request, Exchange& exchange) {
  exchange.request_id = RequestIdOf(request.headers);
  const std::string_view path = request.path;
  const std::size_t slash = path.rfind('/');
  exchange.method = slash == 0 || slash == std::string_view::npos
                        ? nullptr
                        : catalog_.Find(path.substr(1, slash - 1), path.substr(slash + 1));
  if (exchange.method == nullptr) return UnknownMethod(path, exchange.request_id);
  const std::optional<Codec> codec = CodecOf(request.headers);
  if (!codec || !Fits(*exchange.method, *codec)) {
    return WrongType(*exchange.method, exchange.request_id);
  }
  exchange.codec = *codec;
  absl::StatusOr<CallFields> fields = ReadCallFields(request.headers);
  if (!fields.ok()) return Refusal(fields.status(), exchange.request_id);
  if (!exchange.Count(calls_.find(exchange.method->service)->second, options_.max_calls)) {
    return Refusal(rpc::Executor::Overloaded(), exchange.request_id);
  }
  const absl::Duration longest =
      exchange.method->client_streaming ? options_.stream_timeout : options_.timeout;
  exchange.call = {.deadline = absl::Now() + std::min(fields->timeout.value_or(longest), longest),
                   .request_id = exchange.request_id,
                   .traceparent = std::move(fields->traceparent),
                   .authorization = std::move(fields->authorization)};
  return std::nullopt;
}

void ConnectHandlers::SendOn(const ExchangePtr& exchange, std::string body) {
  absl::StatusOr<std::vector<std::string>> requests = std::vector<std::string>();
  switch (exchange->codec) {
    case Codec::kProto:
      requests->push_back(std::move(body));
      break;
    case Codec::kJson: {
      absl::StatusOr<std::string> message = JsonToBinary(body, *exchange->method->request);
      if (message.ok()) {
        requests->push_back(*std::move(message));
      } else {
        requests = message.status();
      }
      break;
    }
    case Codec::kJsonLines:
      requests = MessagesOfLines(body, *exchange->method->request, options_.max_stream_bytes);
      break;
  }
  if (!requests.ok()) {
    return exchange->responder.Send(Refusal(requests.status(), exchange->request_id));
  }
  exchange->call.requests = *std::move(requests);
  upstream_.Call(*exchange->method, std::move(exchange->call), [this, exchange](CallResult result) {
    if (exchange->codec == Codec::kProto || result.status.code() != 0) {
      return Answer(exchange, std::move(result));
    }
    executor_.Submit([this, exchange, result = std::move(result)]() mutable {
      Answer(exchange, std::move(result));
    });
  });
}

void ConnectHandlers::Answer(const ExchangePtr& exchange, CallResult result) {
  const std::string& id = exchange->request_id;
  http_server::Responder& responder = exchange->responder;
  if (result.status.code() != 0) return responder.Send(ErrorResponse(result.status, id));
  if (exchange->codec == Codec::kProto) {
    return responder.Send(WithRequestId({.status = 200,
                                         .headers = {{"Content-Type", std::string(kProto)}},
                                         .body = std::move(result.response)},
                                        id));
  }
  absl::StatusOr<std::string> json = BinaryToJson(result.response, *exchange->method->response);
  if (!json.ok()) return responder.Send(Refusal(json.status(), id));
  responder.Send(WithRequestId(Response::Json(200, *std::move(json)), id));
}

}  // namespace lmsmail::gateway
