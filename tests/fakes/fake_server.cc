#include "tests/fakes/fake_server.h"

#include <fmt/format.h>

#include <cstdio>

#include "absl/strings/numbers.h"

#include "libs/lifecycle/shutdown_signal.h"
#include "libs/status/status_macros.h"
#include "libs/strings/view.h"

namespace lmsmail::fakes {

using http_server::Admission;
using http_server::Request;
using http_server::Responder;
using http_server::Response;
using nlohmann::json;

Response ProxyError(int status) {
  const std::string title =
      fmt::format("{} {}", status,
                  status == 413 ? "Request Entity Too Large" : http_server::ReasonPhrase(status));
  return Response::Html(
      status, fmt::format("<html>\r\n<head><title>{0}</title></head>\r\n<body>\r\n<center><h1>{0}"
                          "</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n",
                          title));
}

Response CaptivePortal() {
  return Response::Html(200,
                        "<!DOCTYPE html><html><head><title>Welcome to our Wi-Fi</title></head>"
                        "<body>Please accept the terms of use.</body></html>\n");
}

void FakeOptions::Declare(config::Schema& schema) {
  schema.Address("listen", &listen, "Where the API is served; port 0 takes a free one.");
  schema.Address("control", &control, "Where the control port listens; see fake_server.h.");
  schema.String("ledger", &ledger, "File that lists the accepted mails.");
  schema.Int32("threads", &threads, "Threads that serve the API.", {1, 64});
}

absl::StatusOr<std::unique_ptr<FakeServer>> FakeServer::Start(const FakeOptions& options,
                                                              std::unique_ptr<Api> api) {
  std::unique_ptr<Ledger> ledger;
  if (!options.ledger.empty()) {
    LMSMAIL_ASSIGN_OR_RETURN(ledger, Ledger::Open(options.ledger));
  }
  std::unique_ptr<FakeServer> fake(new FakeServer(std::move(api), std::move(ledger)));
  FakeServer* const server = fake.get();
  http_server::Limits limits;
  limits.body_bytes = fake->api_->max_body_bytes();
  limits.requests_per_connection = 1'000'000;
  limits.handler_time = absl::Minutes(10);  // a delay by plan
  LMSMAIL_ASSIGN_OR_RETURN(
      fake->api_server_,
      http_server::Server::Start(
          {.host = options.listen.host,
           .port = options.listen.port,
           .threads = options.threads,
           .limits = limits,
           .admit = [server](const Request& request) { return server->Admit(request); }},
          [server](Request request, Responder responder) {
            server->Serve(std::move(request), std::move(responder));
          }));
  LMSMAIL_ASSIGN_OR_RETURN(
      fake->control_server_,
      http_server::Server::Start({.host = options.control.host, .port = options.control.port},
                                 [server](Request request, Responder responder) {
                                   server->Control(request, std::move(responder));
                                 }));
  return fake;
}

void FakeServer::Shutdown() {
  api_server_->Shutdown(absl::Seconds(1));
  control_server_->Shutdown(absl::ZeroDuration());
}

std::string FakeServer::Report() const {
  json report = statistics_.ToJson();
  report["mode"] = plan_.mode();
  return report.dump();
}

Admission FakeServer::Admit(const Request& request) {
  if (!api_->IsSend(request)) return {};
  std::int64_t size = 0;
  if (absl::SimpleAtoi(ToAbsl(request.headers.Get("Content-Length")), &size) &&
      size > api_->max_body_bytes()) {
    statistics_.CountRequest(413);
    return {.refusal = ProxyError(413)};
  }
  const Failure failure = plan_.Take(FailurePlan::Stage::kHead);
  if (failure.mode == Mode::kNone) return {};
  if (failure.mode == Mode::kCutBeforeBody) {
    statistics_.CountRequest(0);
    return {.cut = true};
  }
  statistics_.CountRequest(413);
  return {.refusal = ProxyError(413)};
}

void FakeServer::Accept(const std::vector<Mail>& mails, bool answered) {
  statistics_.CountMails(mails, answered);
  if (ledger_ && !mails.empty()) ledger_->Append(mails, answered);
}

void FakeServer::Serve(Request request, Responder responder) {
  Failure failure;
  if (plan_.revoked()) {
    failure.mode = Mode::kRevoked;
  } else if (api_->IsSend(request)) {
    failure = plan_.Take(FailurePlan::Stage::kBody);
  }
  Verdict verdict;
  switch (failure.mode) {
    case Mode::kNone:
    case Mode::kSlow:
    case Mode::kCutAfterAccept:
      verdict = api_->Serve(request);
      break;
    case Mode::kCutAfterBody:
      break;
    case Mode::kWrongBody:
      verdict.response = CaptivePortal();
      break;
    default:
      verdict.response = api_->Fail(failure, request);
  }
  const bool cut = failure.mode == Mode::kCutAfterBody || failure.mode == Mode::kCutAfterAccept;
  Accept(verdict.mails, /*answered=*/!cut);
  statistics_.CountRequest(cut ? 0 : verdict.response.status);
  if (cut) return responder.Cut();
  if (failure.mode != Mode::kSlow) return responder.Send(std::move(verdict.response));
  delayed_.Add(failure.delay, std::move(verdict.response), std::move(responder));
}

void FakeServer::Control(const Request& request, Responder responder) {
  const auto error = [](int status, std::string_view message) {
    return Response::Json(status, json{{"error", message}}.dump());
  };
  if (request.path != "/control") return responder.Send(error(404, "use /control"));
  if (request.method == "GET") return responder.Send(Response::Json(200, Report()));
  if (request.method != "POST") return responder.Send(error(405, "use GET or POST"));
  const absl::Status status = plan_.Set(request.body);
  responder.Send(status.ok() ? Response::Json(200, R"({"ok":true})")
                             : error(400, ToStd(status.message())));
}

Detail DetailFor(const FakeOptions& options, bool keep_content) {
  if (options.ledger.empty()) return Detail::kCount;
  return keep_content ? Detail::kContent : Detail::kLedger;
}

absl::Status RunFake(const FakeOptions& options, std::unique_ptr<Api> api) {
  LMSMAIL_ASSIGN_OR_RETURN(const std::unique_ptr<FakeServer> fake,
                           FakeServer::Start(options, std::move(api)));
  std::printf("{\"port\":%d,\"control_port\":%d}\n", fake->port(), fake->control_port());
  std::fflush(stdout);
  lifecycle::WaitForShutdownSignal();
  fake->Shutdown();
  std::puts(fake->Report().c_str());
  return absl::OkStatus();
}

}  // namespace lmsmail::fakes
