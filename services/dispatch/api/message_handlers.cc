#include "services/dispatch/api/message_handlers.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"

#include "libs/address/email_address.h"
#include "libs/identity/owned_key.h"
#include "libs/language/language_code.h"
#include "libs/protobuf/deterministic_bytes.h"
#include "libs/protobuf/time.h"
#include "libs/resource_name/name.h"
#include "libs/rpc/page_token.h"
#include "libs/status/error_details.h"
#include "libs/status/status_macros.h"
#include "libs/validation/struct.h"
#include "services/dispatch/api/convert.h"
#include "services/dispatch/log/timeline.h"
#include "services/dispatch/message/resource_names.h"
#include "services/dispatch/submission/mail_validation.h"

namespace lmsmail::dispatch {
namespace {

constexpr rpc::PageSizes kPageSizes{.default_size = 50, .max_size = 500};
constexpr absl::Duration kDefaultPeriod = absl::Hours(24 * 30);
constexpr absl::Duration kMaxStatsPeriod = absl::Hours(24 * 366);
constexpr int kMaxEvents = 1000;
constexpr std::size_t kMaxEventId = 128;
constexpr std::size_t kMaxEventDetail = 500;
constexpr int kMaxLinks = 1000;

absl::StatusOr<BatchId> BatchIdFromName(const std::string& name) {
  if (const auto id = ParseBatchName(name)) return *id;
  return InvalidField("name", "must be \"batches/{batch}\" as returned by SendBatch");
}

// Returns the key in the name of a template; "" for an empty or invalid name.
std::string TemplateKey(const std::string& name, Violations& violations) {
  if (name.empty()) return "";
  std::optional<std::string> key = resource_name::ParseTemplateName(name);
  if (!key) violations.Add("template", "must be \"templates/{template}\" without a version");
  return std::move(key).value_or("");
}

// nullopt for the first page.
absl::StatusOr<std::optional<MessageLog::Position>> PositionOf(const rpc::PageCursor& cursor) {
  if (cursor.empty()) return std::nullopt;
  if (cursor.size() == 2) {
    const std::optional<std::int64_t> micros = DecodeId(cursor[0]);
    const std::optional<MessageId> id = DecodeId(cursor[1]);
    if (micros && id) return MessageLog::Position{absl::FromUnixMicros(*micros), *id};
  }
  return InvalidField("page_token", "must be a next_page_token of this list");
}

MessageFilter FilterFromProto(const v1::ListMessagesRequest& request, absl::Time now,
                              Violations& violations) {
  MessageFilter filter;
  filter.target = FromProto(request.target());
  if (request.has_target() && !filter.target) {
    violations.Add("target", "must have recipient or email_address when it is set");
  }
  if (filter.target && filter.target->kind == Target::Kind::kAddress) {
    const auto address = address::ParseEmailAddress(filter.target->value);
    if (address.ok()) {
      // As the index on targets compares them: lower() of a text COLLATE "C".
      filter.target->value = absl::AsciiStrToLower(address->ToString());
    } else {
      violations.Add("target.email_address", std::string(address.status().message()));
    }
  }
  filter.labels = {request.labels().begin(), request.labels().end()};
  filter.template_key = TemplateKey(request.template_(), violations);
  if (!v1::State_IsValid(request.state())) {
    violations.Add("state", "is not a known state");
  } else if (request.state() != v1::STATE_UNSPECIFIED) {
    filter.state = static_cast<State>(request.state());
  }
  if (!request.batch().empty()) {
    const auto batch = ParseBatchName(request.batch());
    if (!batch) violations.Add("batch", "must be \"batches/{batch}\"");
    filter.batch = batch.value_or(0);
  }
  filter.start = request.has_start_time()
                     ? protobuf::FromProto(request.start_time(), "start_time", violations)
                     : now - kDefaultPeriod;
  filter.end = request.has_end_time()
                   ? protobuf::FromProto(request.end_time(), "end_time", violations)
                   : absl::InfiniteFuture();
  return filter;
}

}  // namespace

absl::StatusOr<MessageId> MessageHandlers::FindByKey(const rpc::CallInfo& call,
                                                     const std::string& key,
                                                     const std::string& sender, bool of_anybody) {
  LMSMAIL_ASSIGN_OR_RETURN(const auto by_sender, d_.log.FindByKey(key, call.deadline));
  std::vector<std::string> senders;
  MessageId found = 0;
  for (const auto& [name, id] : by_sender) {
    if (!sender.empty() && name != sender) continue;
    if (!of_anybody && name != call.caller.name) continue;
    senders.push_back(name);
    found = id;
  }
  if (senders.empty()) return NotFound(fmt::format("a message accepted as \"{}\"", key));
  if (senders.size() == 1) return found;
  return WithReason(absl::FailedPreconditionError(fmt::format(
                        "several callers have used this request_id: give the sender, which is {}",
                        fmt::format("{}", fmt::join(senders, " or ")))),
                    {"AMBIGUOUS_KEY", {}});
}

template <typename Request>
absl::StatusOr<MessageId> MessageHandlers::Find(const rpc::CallInfo& call, const Request& request,
                                                Role role_for_all) {
  if (request.name().empty() == request.request_id().empty()) {
    return InvalidField("name", "either name or request_id must be set");
  }
  const bool of_anybody = call.caller.May(role_for_all);
  if (!request.request_id().empty()) {
    return FindByKey(call, request.request_id(), request.sender(), of_anybody);
  }
  const auto id = ParseMessageName(request.name());
  if (!id) return InvalidField("name", "must be \"messages/{message}\" as returned by Send");
  if (of_anybody) return *id;
  LMSMAIL_ASSIGN_OR_RETURN(const MessageRecord record, d_.log.Get(*id, call.deadline));
  return record.mail.sender == call.caller.name ? absl::StatusOr<MessageId>(*id)
                                                : NotFound(request.name());
}

absl::Status MessageHandlers::GetMessage(const rpc::CallInfo& call,
                                         const v1::GetMessageRequest& request,
                                         v1::Message& response) {
  const bool full = request.view() == v1::MESSAGE_VIEW_FULL;
  if (full && !call.caller.May(type::v1::ROLE_OPERATOR)) {
    return WithReason(absl::PermissionDeniedError("the full view needs the role operator"),
                      {"ROLE_REQUIRED", {{"roles", "operator"}}});
  }
  LMSMAIL_ASSIGN_OR_RETURN(const MessageId id, Find(call, request, type::v1::ROLE_VIEWER));
  LMSMAIL_ASSIGN_OR_RETURN(const MessageRecord record, d_.log.Get(id, call.deadline));
  ToProto(record, d_.message_ids, response);
  if (!full) return absl::OkStatus();
  // The values of the mail take precedence over those of its batch.
  response.mutable_context()->ParseFromString(record.mail.shared_context);
  google::protobuf::Struct own;
  own.ParseFromString(record.mail.context);
  for (const auto& [key, value] : own.fields()) {
    (*response.mutable_context()->mutable_fields())[key] = value;
  }
  RawMessage raw = d_.raw_messages.Render(record, call.deadline);
  response.set_raw(std::move(raw.bytes));
  response.set_raw_unavailable_reason(std::move(raw.unavailable_reason));
  response.set_raw_verified(raw.verified);
  return absl::OkStatus();
}

absl::Status MessageHandlers::PreviewMessage(const rpc::CallInfo& call,
                                             const v1::PreviewMessageRequest& request,
                                             v1::PreviewMessageResponse& response) {
  Violations violations;
  const auto key = resource_name::ParseTemplateName(request.template_());
  if (!key) violations.Add("template", "must be templates/{template}");
  const std::optional<Target> target = FromProto(request.target());
  if (!target) violations.Add("target", "must be a recipient or an email address");
  if (!request.language_code().empty() && !language::IsLanguageCode(request.language_code())) {
    violations.Add("language_code", "must be a BCP 47 language such as en or pt-BR");
  }
  validation::CheckStruct(request.context(), "context", {}, violations);
  LMSMAIL_RETURN_IF_ERROR(violations.ToStatus());
  Mail mail;
  mail.template_ref.key = *key;
  mail.target = *target;
  mail.context = protobuf::DeterministicBytes(request.context());
  mail.language_code = request.language_code();
  mail.due_time = d_.clock.Now();
  LMSMAIL_ASSIGN_OR_RETURN(const auto parts,
                           d_.raw_messages.Preview(std::move(mail), call.deadline));
  response.set_subject(parts->subject);
  response.set_html(parts->html);
  response.set_text(parts->text);
  return absl::OkStatus();
}

absl::Status MessageHandlers::ListMessages(const rpc::CallInfo& call,
                                           const v1::ListMessagesRequest& request,
                                           v1::ListMessagesResponse& response) {
  Violations violations;
  const int size = rpc::PageSize(request.page_size(), kPageSizes, violations);
  const MessageFilter filter = FilterFromProto(request, d_.clock.Now(), violations);
  LMSMAIL_RETURN_IF_ERROR(violations.ToStatus());

  v1::ListMessagesRequest query = request;
  query.clear_page_size();
  query.clear_page_token();
  const std::string query_bytes = protobuf::DeterministicBytes(query);
  LMSMAIL_ASSIGN_OR_RETURN(const rpc::PageCursor cursor,
                           rpc::ParsePageToken({query_bytes}, request.page_token()));
  LMSMAIL_ASSIGN_OR_RETURN(const std::optional<MessageLog::Position> after, PositionOf(cursor));
  LMSMAIL_ASSIGN_OR_RETURN(const MessageLog::Page page,
                           d_.log.List(filter, after, size, call.deadline));
  for (const MessageRecord& record : page.records) {
    ToProto(record, d_.message_ids, *response.add_messages());
  }
  if (page.next) {
    response.set_next_page_token(rpc::MakePageToken(
        {query_bytes},
        {EncodeId(absl::ToUnixMicros(page.next->create_time)), EncodeId(page.next->id)}));
  }
  return absl::OkStatus();
}

absl::Status MessageHandlers::CancelMessage(const rpc::CallInfo& call,
                                            const v1::CancelMessageRequest& request,
                                            v1::Message& response) {
  LMSMAIL_ASSIGN_OR_RETURN(const MessageId id, Find(call, request, type::v1::ROLE_OPERATOR));
  LMSMAIL_ASSIGN_OR_RETURN(const CancelResult result, d_.queue.Cancel(id, call.deadline));
  if (result == CancelResult::kNotFound) return NotFound(MessageName(id));
  LMSMAIL_ASSIGN_OR_RETURN(const MessageRecord record, d_.log.Get(id, call.deadline));
  if (result == CancelResult::kTooLate && record.state != State::kCancelled) {
    const std::string& state = v1::State_Name(ToProto(record.state));
    return WithReason(absl::FailedPreconditionError(fmt::format(
                          "it is too late to cancel {}: it is {}", MessageName(id), state)),
                      {"TOO_LATE_TO_CANCEL", {{"state", state}}});
  }
  ToProto(record, d_.message_ids, response);
  return absl::OkStatus();
}

absl::Status MessageHandlers::RetryMessage(const rpc::CallInfo& call,
                                           const v1::RetryMessageRequest& request,
                                           v1::Message& response) {
  Violations violations;
  CheckKey(request.request_id(), "request_id", violations);
  const std::optional<MessageId> id = ParseMessageName(request.name());
  if (!id) violations.Add("name", "must be \"messages/{message}\" as returned by Send");
  LMSMAIL_RETURN_IF_ERROR(violations.ToStatus());
  LMSMAIL_RETURN_IF_ERROR(d_.queue.Retry(*id, request.request_id(), call.deadline));
  LMSMAIL_ASSIGN_OR_RETURN(const MessageRecord record, d_.log.Get(*id, call.deadline));
  d_.on_retry(record.mail.lane);
  ToProto(record, d_.message_ids, response);
  return absl::OkStatus();
}

absl::Status MessageHandlers::RetryRestored(const rpc::CallInfo& call,
                                            const v1::RetryRestoredRequest& request,
                                            v1::RetryRestoredResponse& response) {
  Violations violations;
  std::vector<Category> categories;
  for (int i = 0; i < request.categories_size(); ++i) {
    const auto category = static_cast<Category>(request.categories(i));
    if (!std::ranges::count(kCategories, category)) {
      violations.Add(fmt::format("categories[{}]", i), "must be a category of mail");
    }
    categories.push_back(category);
  }
  LMSMAIL_RETURN_IF_ERROR(violations.ToStatus());
  LMSMAIL_ASSIGN_OR_RETURN(const std::int64_t retried,
                           d_.queue.RetryRestored(categories, call.deadline));
  response.set_retried_count(retried);
  return absl::OkStatus();
}

absl::Status MessageHandlers::ExplainMessage(const rpc::CallInfo& call,
                                             const v1::ExplainMessageRequest& request,
                                             v1::ExplainMessageResponse& response) {
  LMSMAIL_ASSIGN_OR_RETURN(const MessageId id, Find(call, request, type::v1::ROLE_VIEWER));
  LMSMAIL_ASSIGN_OR_RETURN(const History history, d_.log.Explain(id, call.deadline));
  ToProto(history.record, d_.message_ids, *response.mutable_message());
  for (const TimelineEntry& entry : BuildTimeline(history)) {
    ToProto(entry, *response.add_entries());
  }
  response.set_summary(Summarize(history));
  return absl::OkStatus();
}

absl::StatusOr<BatchRecord> MessageHandlers::FindBatch(const rpc::CallInfo& call,
                                                       const std::string& name, Role role_for_all) {
  LMSMAIL_ASSIGN_OR_RETURN(const BatchId id, BatchIdFromName(name));
  LMSMAIL_ASSIGN_OR_RETURN(BatchRecord record, d_.log.GetBatch(id, call.deadline));
  const std::string_view sender = identity::SplitOwnedKey(record.request_id).owner;
  if (!call.caller.May(role_for_all) && sender != call.caller.name) return NotFound(name);
  return record;
}

absl::Status MessageHandlers::GetBatch(const rpc::CallInfo& call,
                                       const v1::GetBatchRequest& request, v1::Batch& response) {
  LMSMAIL_ASSIGN_OR_RETURN(const BatchRecord record,
                           FindBatch(call, request.name(), type::v1::ROLE_VIEWER));
  ToProto(record, d_.clock.Now(), response);
  return absl::OkStatus();
}

absl::Status MessageHandlers::CancelBatch(const rpc::CallInfo& call,
                                          const v1::CancelBatchRequest& request,
                                          v1::Batch& response) {
  LMSMAIL_ASSIGN_OR_RETURN(BatchRecord record,
                           FindBatch(call, request.name(), type::v1::ROLE_OPERATOR));
  LMSMAIL_RETURN_IF_ERROR(d_.queue.CancelBatch(record.id, call.deadline));
  LMSMAIL_ASSIGN_OR_RETURN(record, d_.log.GetBatch(record.id, call.deadline));
  ToProto(record, d_.clock.Now(), response);
  return absl::OkStatus();
}

std::optional<ProviderEvent> MessageHandlers::EventFromProto(const v1::ProviderEvent& event,
                                                             std::string_view field,
                                                             Violations& violations) {
  const auto add_violation = [&](std::string_view name, std::string description) {
    violations.Add(fmt::format("{}.{}", field, name), std::move(description));
  };
  if (event.event_id().empty() || event.event_id().size() > kMaxEventId) {
    add_violation("event_id", fmt::format("must have 1 to {} bytes", kMaxEventId));
  }
  for (const auto& [name, text] :
       {std::pair("event_id", &event.event_id()), std::pair("detail", &event.detail())}) {
    if (text->find('\0') != std::string::npos) add_violation(name, "must not contain NUL");
  }
  if (event.type() == v1::ProviderEvent::TYPE_UNSPECIFIED ||
      !v1::ProviderEvent::Type_IsValid(event.type())) {
    add_violation("type", "is required");
  }
  if (event.at_other_address() && event.type() != v1::ProviderEvent::TYPE_BOUNCED) {
    add_violation("at_other_address", "is for TYPE_BOUNCED; leave it out");
  }
  if (event.detail().size() > kMaxEventDetail) {
    add_violation("detail", fmt::format("must be at most {} bytes", kMaxEventDetail));
  }
  ProviderEvent out;
  out.event_id = event.event_id();
  out.type = static_cast<EventType>(event.type());
  out.detail = event.at_other_address() ? AtOtherAddress(event.detail()) : event.detail();
  const bool tracking = out.type == EventType::kOpened || out.type == EventType::kClicked;
  if (event.machine() && !tracking) add_violation("machine", "is for OPENED and CLICKED only");
  if (event.link_count() < 0 || event.link_count() > kMaxLinks) {
    add_violation("link_count", fmt::format("must be 0 to {}", kMaxLinks));
  }
  if (event.link() < 0 || event.link() > event.link_count()) {
    add_violation("link", "must be 0, or 1 to link_count");
  }
  out.machine = event.machine();
  out.link = event.link();
  out.links = event.link_count();
  out.time =
      event.has_event_time()
          ? protobuf::FromProto(event.event_time(), fmt::format("{}.event_time", field), violations)
          : d_.clock.Now();
  if (event.message().empty() == event.message_id().empty()) {
    add_violation("message", "either message or message_id must be set");
    return std::nullopt;
  }
  const std::optional<MessageId> id = event.message().empty()
                                          ? d_.message_ids.Parse(event.message_id())
                                          : ParseMessageName(event.message());
  if (!id) {
    if (!event.message().empty()) add_violation("message", "must be \"messages/{message}\"");
    return std::nullopt;
  }
  out.message = *id;
  out.own_id = !event.message().empty();
  return out;
}

absl::Status MessageHandlers::RecordEvents(const rpc::CallInfo& call,
                                           const v1::RecordEventsRequest& request,
                                           v1::RecordEventsResponse& response) {
  Violations violations;
  if (request.events().empty() || request.events_size() > kMaxEvents) {
    violations.Add("events", fmt::format("must have 1 to {} items; it has {}", kMaxEvents,
                                         request.events_size()));
  }
  std::vector<ProviderEvent> events;
  int unknown = 0;
  for (int i = 0; i < request.events_size(); ++i) {
    auto event = EventFromProto(request.events(i), fmt::format("events[{}]", i), violations);
    if (event) {
      events.push_back(*std::move(event));
    } else {
      ++unknown;
    }
  }
  LMSMAIL_RETURN_IF_ERROR(violations.ToStatus());
  MessageLog::EventCounts counts;
  if (!events.empty()) {
    LMSMAIL_ASSIGN_OR_RETURN(counts, d_.events.Record(events, call.deadline));
  }
  response.set_recorded_count(counts.recorded);
  response.set_duplicate_count(counts.duplicate);
  response.set_unknown_count(counts.unknown + unknown);
  response.set_opted_out_count(counts.opted_out);
  return absl::OkStatus();
}

absl::Status MessageHandlers::GetMailStats(const rpc::CallInfo& call,
                                           const v1::GetMailStatsRequest& request,
                                           v1::GetMailStatsResponse& response) {
  const absl::Time now = d_.clock.Now();
  Violations violations;
  const absl::Time start = request.has_start_time()
                               ? protobuf::FromProto(request.start_time(), "start_time", violations)
                               : now - kDefaultPeriod;
  const absl::Time end = request.has_end_time()
                             ? protobuf::FromProto(request.end_time(), "end_time", violations)
                             : now;
  if (end < start) violations.Add("end_time", "must not be before start_time");
  if (end - start > kMaxStatsPeriod) {
    violations.Add("start_time", "must be at most 366 days before end_time");
  }
  const std::string key = TemplateKey(request.template_(), violations);
  LMSMAIL_RETURN_IF_ERROR(violations.ToStatus());
  LMSMAIL_ASSIGN_OR_RETURN(const std::vector<DayStats> stats,
                           d_.log.Stats(start, end, key, call.deadline));
  for (const DayStats& day : stats) ToProto(day, *response.add_stats());
  return absl::OkStatus();
}

}  // namespace lmsmail::dispatch
