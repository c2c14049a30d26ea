#include "deploy/smoke/smoke.h"

#include <fmt/format.h>

#include "libs/rpc/client_call.h"
#include "libs/status/status_macros.h"

namespace lmsmail::smoke {
namespace {

namespace pb = dispatch::v1;
using Dispatch = pb::DispatchService::StubInterface;
using Templates = templates::v1::TemplateService::StubInterface;

constexpr absl::Duration kPollInterval = absl::Milliseconds(500);

pb::SendRequest MailTo(const std::string& address, const std::string& reference, absl::Time now) {
  pb::SendRequest request;
  request.set_request_id("smoke/" + reference);
  request.set_template_("templates/payment_confirmation");
  request.mutable_target()->set_email_address(address);
  auto& payment = *(*request.mutable_context()->mutable_fields())["payment"]
                       .mutable_struct_value()
                       ->mutable_fields();
  auto& amount = *payment["amount"].mutable_struct_value()->mutable_fields();
  amount["amount_minor"].set_number_value(0);
  amount["currency_code"].set_string_value("EUR");
  payment["reference"].set_string_value(reference);
  payment["paid_date"].set_string_value(absl::FormatTime("%Y-%m-%d", now, absl::UTCTimeZone()));
  payment["description"].set_string_value("A test of the mail system. Nothing was paid.");
  return request;
}

bool IsFinal(pb::State state) {
  switch (state) {
    case pb::STATE_SCHEDULED:
    case pb::STATE_QUEUED:
    case pb::STATE_SENDING:
      return false;
    default:
      return true;
  }
}

// Adds what the log tells people about the mail.
absl::Status NotSent(const std::string& what, const std::string& name, const Options& options,
                     Environment& environment) {
  pb::ExplainMessageRequest request;
  request.set_name(name);
  const auto explained = rpc::Call(environment.dispatch, &Dispatch::ExplainMessage, request,
                                   rpc::WithTimeout(options.dispatch.timeout));
  return absl::FailedPreconditionError(fmt::format(
      "{} {}: {}", name, what,
      explained.ok() ? explained->summary() : std::string(explained.status().message())));
}

// Right after an installation, the names of the services may not be known everywhere yet: while one
// is not reached, the call is made again until `deadline`. Each of our calls may be repeated.
template <typename Stub, typename Method, typename Request>
auto CallPatiently(Stub& stub, Method method, const Request& request, absl::Duration timeout,
                   absl::Time deadline, Environment& environment) {
  while (true) {
    auto response = rpc::Call(stub, method, request, rpc::WithTimeout(timeout));
    const absl::StatusCode code = response.status().code();
    if (code != absl::StatusCode::kUnavailable || environment.now() >= deadline) return response;
    environment.sleep(kPollInterval);
  }
}

absl::StatusOr<pb::Message> WaitUntilSent(const std::string& name, const Options& options,
                                          Environment& environment) {
  const absl::Time deadline = environment.now() + options.timeout;
  pb::GetMessageRequest request;
  request.set_name(name);
  request.set_view(pb::MESSAGE_VIEW_FULL);
  while (true) {
    LMSMAIL_ASSIGN_OR_RETURN(pb::Message message,
                             CallPatiently(environment.dispatch, &Dispatch::GetMessage, request,
                                           options.dispatch.timeout, deadline, environment));
    if (message.state() == pb::STATE_SENT || message.state() == pb::STATE_DELIVERED) return message;
    if (IsFinal(message.state())) {
      return NotSent(fmt::format("is {}", pb::State_Name(message.state())), name, options,
                     environment);
    }
    if (environment.now() >= deadline) {
      return NotSent(fmt::format("has not left within {}", absl::FormatDuration(options.timeout)),
                     name, options, environment);
    }
    environment.sleep(kPollInterval);
  }
}

}  // namespace

absl::StatusOr<std::string> SendAndReadBack(const Options& options, const std::string& reference,
                                            Environment& environment) {
  const absl::Time deadline = environment.now() + options.timeout;
  if (options.install_templates) {
    const auto installed = CallPatiently(environment.templates, &Templates::InstallBuiltInTemplates,
                                         templates::v1::InstallBuiltInTemplatesRequest(),
                                         options.templates.timeout, deadline, environment);
    LMSMAIL_RETURN_IF_ERROR(installed.status());
  }
  const absl::Time start = environment.now();
  LMSMAIL_ASSIGN_OR_RETURN(const pb::Message accepted,
                           CallPatiently(environment.dispatch, &Dispatch::Send,
                                         MailTo(options.recipient, reference, start),
                                         options.dispatch.timeout, deadline, environment));
  LMSMAIL_ASSIGN_OR_RETURN(const pb::Message sent,
                           WaitUntilSent(accepted.name(), options, environment));
  if (sent.raw().find(reference) == std::string::npos) {
    return absl::DataLossError(
        fmt::format("{} was sent, but its bytes in the log do not hold {}: {}", sent.name(),
                    reference, sent.raw_unavailable_reason()));
  }
  return fmt::format("{} with the Message-ID {} was sent within {} and read back: {} bytes{}.",
                     sent.name(), sent.message_id(),
                     absl::FormatDuration(environment.now() - start), sent.raw().size(),
                     sent.raw_verified() ? ", the same as were sent" : "");
}

}  // namespace lmsmail::smoke
