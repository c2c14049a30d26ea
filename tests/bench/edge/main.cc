#include <fmt/format.h>

#include <fstream>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"

#include "libs/config/schema.h"
#include "libs/rpc/channel.h"
#include "libs/rpc/testing/call_async.h"
#include "libs/status/status_macros.h"
#include "libs/tracking/links.h"
#include "lmsmail/dispatch/v1/dispatch_service.grpc.pb.h"
#include "services/gateway/testing/webhook_signing.h"
#include "tests/bench/edge/events.h"
#include "tests/bench/edge/http_load.h"
#include "tests/bench/load/callers.h"
#include "tests/tool/tool_main.h"

// lmsmail-edge-load: what mail programs and providers send to the gateway. Prints a report as one
// line of JSON.
namespace lmsmail::bench {
namespace {

namespace pb = lmsmail::dispatch::v1;
using Async = pb::DispatchService::StubInterface::async_interface;

enum class Task { kEmpty, kPixels, kWebhooks, kRecord };

struct Options {
  Task task = Task::kEmpty;
  std::int32_t port = 8080;
  std::string dispatch = "127.0.0.1:7103";
  std::int32_t connections = 64;
  std::int32_t count = 100'000;
  std::int32_t events = 500;
  std::string mails;
  std::string keys;

  void Declare(config::Schema& schema) {
    schema.Enum("task", &task,
                {{"empty", Task::kEmpty},
                 {"pixels", Task::kPixels},
                 {"webhooks", Task::kWebhooks},
                 {"record", Task::kRecord}},
                "Requests with an empty answer, the pixels of mails, what SendGrid reports about "
                "mails, or the same events by RecordEvents.");
    schema.Int32("port", &port, "Of the gateway, on 127.0.0.1.", {1, 65535});
    schema.String("dispatch", &dispatch, "gRPC target of dispatch.");
    schema.Int32("connections", &connections, "Requests or calls at a time.", {1, 10'000});
    schema.Int32("count", &count, "Number of empty requests.", {1});
    schema.Int32("events", &events, "Events in a webhook or call.", {1, 1000});
    schema.String("mails", &mails, "File of mails, lines of <id> <Message-ID>.");
    schema.String("keys", &keys,
                  "File of the keys of pixels, or PEM file of the private key of webhooks.");
  }
};

std::string ReadFile(const std::string& path) {
  std::stringstream content;
  content << std::ifstream(path).rdbuf();
  return content.str();
}

std::string Get(std::string_view method, std::string_view path) {
  return fmt::format(
      "{} {} HTTP/1.1\r\nHost: mail.school.test\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64; "
      "rv:128.0) Gecko/20100101 Firefox/128.0\r\nAccept: image/avif,image/webp,*/*\r\n\r\n",
      method, path);
}

absl::StatusOr<Report> Empty(const Options& options) {
  return SendRequests({.port = static_cast<std::uint16_t>(options.port),
                       .connections = options.connections,
                       .count = options.count,
                       .status = 204,
                       // As long as a pixel's.
                       .request = [path = "/o/k1." + std::string(39, 'x')](std::int64_t) {
                         return Get("OPTIONS", path);
                       }});
}

absl::StatusOr<Report> Pixels(const Options& options) {
  LMSMAIL_ASSIGN_OR_RETURN(const std::vector<SentMail> mails, ReadMails(options.mails));
  LMSMAIL_ASSIGN_OR_RETURN(token::KeyRing ring, token::KeyRing::Parse(ReadFile(options.keys)));
  const tracking::Links links(std::move(ring));
  std::vector<std::string> paths;
  for (const SentMail& mail : mails) paths.push_back("/o/" + links.OpenToken(mail.id));
  return SendRequests({.port = static_cast<std::uint16_t>(options.port),
                       .connections = options.connections,
                       .count = static_cast<std::int64_t>(paths.size()),
                       .request = [&paths](std::int64_t number) {
                         return Get("GET", paths[static_cast<std::size_t>(number)]);
                       }});
}

absl::StatusOr<Report> Webhooks(const Options& options,
                                const std::vector<pb::RecordEventsRequest>& requests) {
  const gateway::SendgridSigner signer = gateway::SendgridSigner::FromPem(ReadFile(options.keys));
  std::vector<std::string> posts;
  for (const pb::RecordEventsRequest& events : requests) {
    const std::string body = ToSendgrid(events);
    posts.push_back(fmt::format(
        "POST /webhooks/sendgrid/bench HTTP/1.1\r\nHost: mail.school.test\r\nContent-Type: "
        "application/json\r\nContent-Length: {}\r\nX-Twilio-Email-Event-Webhook-Timestamp: "
        "1600112502\r\nX-Twilio-Email-Event-Webhook-Signature: {}\r\n\r\n{}",
        body.size(), signer.Sign("1600112502", body), body));
  }
  return SendRequests({.port = static_cast<std::uint16_t>(options.port),
                       .connections = options.connections,
                       .count = static_cast<std::int64_t>(posts.size()),
                       .request = [&posts](std::int64_t number) {
                         return posts[static_cast<std::size_t>(number)];
                       }});
}

absl::StatusOr<Report> Record(const Options& options,
                              const std::vector<pb::RecordEventsRequest>& requests) {
  LMSMAIL_ASSIGN_OR_RETURN(const auto channel, rpc::NewChannel({.target = options.dispatch}));
  const auto stub = pb::DispatchService::NewStub(channel);
  return CallInParallel(
      static_cast<std::int64_t>(requests.size()), options.connections,
      [&](std::int64_t number, absl::AnyInvocable<void(absl::Status)> done) {
        rpc::CallAsync(
            *stub->async(), &Async::RecordEvents, requests[static_cast<std::size_t>(number)],
            rpc::WithTimeout(absl::Seconds(30)),
            [done = std::move(done)](auto response) mutable { done(response.status()); });
      });
}

absl::StatusOr<Report> Perform(const Options& options) {
  if (options.task == Task::kEmpty) return Empty(options);
  if (options.task == Task::kPixels) return Pixels(options);
  LMSMAIL_ASSIGN_OR_RETURN(const std::vector<SentMail> mails, ReadMails(options.mails));
  const std::vector<pb::RecordEventsRequest> requests = EventsOf(mails, options.events);
  std::int64_t events = 0;
  for (const pb::RecordEventsRequest& each : requests) events += each.events_size();
  LMSMAIL_ASSIGN_OR_RETURN(Report report, options.task == Task::kWebhooks
                                              ? Webhooks(options, requests)
                                              : Record(options, requests));
  report.count = events;
  return report;
}

absl::Status Run(const Options& options) {
  LMSMAIL_ASSIGN_OR_RETURN(Report report, Perform(options));
  fmt::print("{}\n", report.ToJson());
  return absl::OkStatus();
}

}  // namespace
}  // namespace lmsmail::bench

int main(int argc, char** argv) {
  return lmsmail::ToolMain("edge-load", argc, argv, lmsmail::bench::Run);
}
