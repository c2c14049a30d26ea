#include "services/dispatch/api/convert.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <string>

#include "libs/hash/sha256.h"
#include "libs/identity/owned_key.h"
#include "libs/protobuf/deterministic_bytes.h"
#include "libs/protobuf/time.h"
#include "libs/resource_name/name.h"
#include "libs/rpc/status.h"
#include "services/dispatch/message/resource_names.h"

namespace lmsmail::dispatch {
namespace {

std::optional<Lane> OptionalLane(lmsmail::type::v1::Lane lane, const char* field,
                                 Violations& violations) {
  if (lane == lmsmail::type::v1::LANE_UNSPECIFIED) return std::nullopt;
  if (!lmsmail::type::v1::Lane_IsValid(lane)) {
    violations.Add(field, "is not a known lane");
    return std::nullopt;
  }
  return static_cast<Lane>(lane);
}

v1::Transport::State ToProto(TransportHealth::State state) {
  switch (state) {
    case TransportHealth::State::kAvailable:
      return v1::Transport::STATE_AVAILABLE;
    case TransportHealth::State::kBreakerOpen:
      return v1::Transport::STATE_BREAKER_OPEN;
    case TransportHealth::State::kUnreachable:
      return v1::Transport::STATE_UNREACHABLE;
  }
  return v1::Transport::STATE_UNSPECIFIED;
}

void ToProto(const Engagement& engagement, v1::Engagement& message) {
  if (engagement.open_time) {
    *message.mutable_open_time() = protobuf::ToProto(*engagement.open_time);
  }
  if (engagement.click_time) {
    *message.mutable_click_time() = protobuf::ToProto(*engagement.click_time);
  }
  message.set_open_count(engagement.opens);
  message.set_click_count(engagement.clicks);
  message.set_machine_open_count(engagement.machine_opens);
  message.set_machine_click_count(engagement.machine_clicks);
}

template <typename Request>
MailHeader SharedHeader(const Request& request, const std::string& sender,
                        const std::string& prefix, Violations& violations) {
  MailHeader header;
  header.sender = sender;
  header.request_id = request.request_id();
  header.template_name = request.template_();
  header.lane = OptionalLane(request.lane(), (prefix + "lane").c_str(), violations);
  if (request.has_send_time()) {
    header.send_time = protobuf::FromProto(request.send_time(), prefix + "send_time", violations);
  }
  if (request.has_expire_time()) {
    header.expire_time =
        protobuf::FromProto(request.expire_time(), prefix + "expire_time", violations);
  }
  header.labels = {request.labels().begin(), request.labels().end()};
  header.transport = request.transport();
  return header;
}

}  // namespace

MailHeader HeaderFromProto(const v1::SendRequest& request, const std::string& sender,
                           Violations& violations) {
  MailHeader header = SharedHeader(request, sender, "", violations);
  header.language_code = request.language_code();
  return header;
}

MailHeader HeaderFromProto(const v1::BatchHeader& message, const std::string& sender,
                           Violations& violations) {
  MailHeader header = SharedHeader(message, sender, "header.", violations);
  header.shared_context = message.shared_context();
  header.max_per_second = message.max_rate_per_second();
  return header;
}

MailItem ItemFromProto(const v1::SendRequest& request) {
  return {FromProto(request.target()), MailContext(request.context()), ""};
}

MailItem ItemFromProto(const v1::BatchItem& item) {
  return {FromProto(item.target()), MailContext(item.context()), item.dedupe_key()};
}

std::optional<Target> FromProto(const v1::Target& target) {
  switch (target.target_case()) {
    case v1::Target::kRecipient:
      return Target{Target::Kind::kRecipient, target.recipient()};
    case v1::Target::kEmailAddress:
      return Target{Target::Kind::kAddress, target.email_address()};
    case v1::Target::TARGET_NOT_SET:
      break;
  }
  return std::nullopt;
}

Lane LaneFromProto(lmsmail::type::v1::Lane lane, Violations& violations) {
  const std::optional<Lane> given = OptionalLane(lane, "lane", violations);
  if (!given && lane == lmsmail::type::v1::LANE_UNSPECIFIED) {
    violations.Add("lane", "is required");
  }
  return given.value_or(Lane::kBulk);
}

std::int64_t DigestOf(const v1::SendRequest& request) {
  return hash::Digest64(protobuf::DeterministicBytes(request));
}

std::int64_t DigestOf(const v1::BatchHeader& header, absl::Span<const MailItem> items) {
  std::string body = protobuf::DeterministicBytes(header);
  const auto add = [&body](std::string_view part) {
    fmt::format_to(std::back_inserter(body), "{}:", part.size());
    body += part;
  };
  for (const MailItem& item : items) {
    const Target target = item.target.value_or(Target());
    body += static_cast<char>(target.kind);
    add(target.value);
    add(item.dedupe_key);
    add(item.context.bytes());
  }
  return hash::Digest64(body);
}

lmsmail::type::v1::Lane ToProto(Lane lane) { return static_cast<lmsmail::type::v1::Lane>(lane); }
v1::State ToProto(State state) { return static_cast<v1::State>(state); }
v1::Reason ToProto(Reason reason) { return static_cast<v1::Reason>(reason); }

void ToProto(const Target& target, v1::Target& message) {
  if (target.kind == Target::Kind::kRecipient) {
    message.set_recipient(target.value);
  } else {
    message.set_email_address(target.value);
  }
}

void ToProto(const MessageRecord& record, const MessageIdHeader& message_ids,
             v1::Message& message) {
  const Mail& mail = record.mail;
  if (mail.id != 0) {
    message.set_name(MessageName(mail.id));
    message.set_message_id(message_ids.Of(mail.id));
  }
  message.set_request_id(std::string(identity::SplitOwnedKey(mail.key).key));
  message.set_sender(mail.sender);
  message.set_batch(BatchName(mail.batch));
  message.set_template_version(TemplateVersionName(mail.template_ref));
  message.set_category(static_cast<lmsmail::type::v1::Category>(mail.template_ref.category));
  if (!mail.target.value.empty()) ToProto(mail.target, *message.mutable_target());
  message.set_lane(ToProto(mail.lane));
  message.set_state(ToProto(record.state));
  message.set_reason(ToProto(record.reason));
  message.set_detail(record.detail);
  *message.mutable_create_time() = protobuf::ToProto(mail.create_time);
  *message.mutable_send_time() = protobuf::ToProto(mail.due_time);
  *message.mutable_expire_time() = protobuf::ToProto(mail.expire_time);
  *message.mutable_update_time() = protobuf::ToProto(record.update_time);
  message.set_attempt_count(record.attempt_count);
  if (record.next_attempt_time) {
    *message.mutable_next_attempt_time() = protobuf::ToProto(*record.next_attempt_time);
  }
  message.mutable_labels()->insert(mail.labels.begin(), mail.labels.end());
  message.set_traceparent(mail.traceparent);
  if (mail.content_drop_time) {
    *message.mutable_content_drop_time() = protobuf::ToProto(*mail.content_drop_time);
  }
  if (record.engagement.any()) ToProto(record.engagement, *message.mutable_engagement());
}

void ToProto(const BatchRecord& record, absl::Time now, v1::Batch& message) {
  message.set_name(BatchName(record.id));
  const identity::OwnedKey key = identity::SplitOwnedKey(record.request_id);
  message.set_request_id(std::string(key.key));
  message.set_sender(std::string(key.owner));
  message.set_template_version(TemplateVersionName(record.template_ref));
  message.set_max_rate_per_second(record.max_per_second);
  message.set_accepted_count(record.accepted);
  std::int64_t done = 0;
  for (const BatchRecord::Count& it : record.counts) {
    done += it.count;
    switch (it.kind) {
      case Outcome::Kind::kSent:
        message.set_sent_count(message.sent_count() + it.count);
        break;
      case Outcome::Kind::kSkipped: {
        v1::Batch::SkipCount& skipped = *message.add_skipped();
        skipped.set_reason(ToProto(it.reason));
        skipped.set_count(it.count);
        break;
      }
      case Outcome::Kind::kFailed:
        message.set_failed_count(message.failed_count() + it.count);
        break;
      case Outcome::Kind::kExpired:
        message.set_expired_count(message.expired_count() + it.count);
        break;
      case Outcome::Kind::kCancelled:
        message.set_cancelled_count(message.cancelled_count() + it.count);
        break;
      case Outcome::Kind::kUncertain:
        message.set_uncertain_count(message.uncertain_count() + it.count);
        break;
      case Outcome::Kind::kDeferred:  // not final, never counted
        done -= it.count;
        break;
    }
  }
  const std::int64_t pending = std::max<std::int64_t>(record.accepted - done, 0);
  message.set_pending_count(pending);
  message.set_state(record.cancelled ? v1::Batch::STATE_CANCELLED
                    : pending == 0   ? v1::Batch::STATE_DONE
                                     : v1::Batch::STATE_RUNNING);
  message.set_delivered_count(record.delivered);
  message.set_bounced_count(record.bounced);
  message.set_rate_per_second(record.recent_per_second);
  if (pending > 0 && record.recent_per_second > 0) {
    const absl::Duration left =
        absl::Seconds(static_cast<double>(pending) / record.recent_per_second);
    *message.mutable_estimated_done_time() = protobuf::ToProto(now + left);
  }
  *message.mutable_create_time() = protobuf::ToProto(record.create_time);
}

void ToProto(const ItemResult& result, v1::BatchItemResult& message) {
  if (result.id != 0) message.set_message(MessageName(result.id));
  message.set_duplicate(result.duplicate);
  rpc::ToItemStatus(result.status, *message.mutable_status());
}

void ToProto(const TimelineEntry& entry, v1::TimelineEntry& message) {
  *message.mutable_event_time() = protobuf::ToProto(entry.time);
  message.set_kind(static_cast<v1::TimelineEntry::Kind>(entry.kind));
  message.set_reason(ToProto(entry.reason));
  message.set_description(entry.description);
  message.set_attempt(entry.attempt);
  message.set_transport(entry.transport);
  message.set_reply_code(entry.reply_code);
  message.set_enhanced_code(entry.enhanced_code);
  message.set_reply_text(entry.reply_text);
}

void ToProto(const LaneDepth& depth, absl::Time now, v1::LaneStats& message) {
  message.set_lane(ToProto(depth.lane));
  message.set_paused(depth.paused);
  message.set_pause_detail(depth.pause_detail);
  message.set_due_count(depth.due);
  message.set_waiting_count(depth.waiting);
  message.set_scheduled_count(depth.scheduled);
  message.set_in_flight_count(depth.in_flight);
  if (depth.oldest_due) {
    *message.mutable_oldest_due_age() =
        protobuf::ToProto(std::max(now - *depth.oldest_due, absl::ZeroDuration()));
  }
}

void ToProto(const InFlightClaim& claim, v1::InFlightBatch& message) {
  message.set_claim_id(EncodeId(claim.id));
  message.set_worker(claim.worker);
  message.set_lane(ToProto(claim.lane));
  *message.mutable_claim_time() = protobuf::ToProto(claim.claim_time);
  *message.mutable_lease_expire_time() = protobuf::ToProto(claim.lease_expire_time);
  message.set_message_count(claim.count);
  for (const MessageId id : claim.open) message.add_messages(MessageName(id));
}

void ToProto(const TransportInfo& info, v1::Transport& message) {
  message.set_name(info.name);
  message.set_kind(info.kind);
  message.set_endpoint(info.endpoint);
}

void ToProto(const TransportHealth& health, v1::Transport& message) {
  message.set_state(ToProto(health.state));
  if (!health.available()) {
    *message.mutable_state_time() = protobuf::ToProto(health.since);
    *message.mutable_probe_time() = protobuf::ToProto(health.until);
    message.set_cause(std::string(health.cause));
    message.set_remedy(std::string(health.remedy));
  }
  if (!health.last_error.empty()) {
    message.set_last_error(health.last_error);
    *message.mutable_last_error_time() = protobuf::ToProto(health.last_error_time);
  }
}

void ToProto(const DayStats& stats, v1::MailStats& message) {
  *message.mutable_day_time() = protobuf::ToProto(stats.day);
  message.set_template_(resource_name::TemplateName(stats.template_key));
  message.set_sent_count(stats.sent);
  message.set_skipped_count(stats.skipped);
  message.set_failed_count(stats.failed);
  message.set_bounced_count(stats.bounced);
  message.set_opened_count(stats.opened);
  message.set_clicked_count(stats.clicked);
  message.set_dropped_count(stats.dropped);
  message.set_complained_count(stats.complained);
  message.set_machine_opened_count(stats.machine_opened);
  message.set_machine_clicked_count(stats.machine_clicked);
}

}  // namespace lmsmail::dispatch
