#include "services/dispatch/intake.h"

#include <fmt/format.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <utility>

#include "libs/status/fault.h"
#include "libs/status/status_macros.h"
#include "services/dispatch/mail_validation.h"
#include "services/dispatch/resource_names.h"

namespace lmsmail::dispatch {
namespace {

// Maps have no order of their own; the stored context must be the same for the same values.
std::string Serialize(const google::protobuf::Struct& context) {
  std::string out;
  {
    google::protobuf::io::StringOutputStream stream(&out);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    context.SerializeToCodedStream(&coded);
  }
  return out;
}

Mail MailOf(const Submission& submission, absl::Time now) {
  Mail mail;
  mail.template_ref = submission.template_ref;
  mail.lane = submission.lane;
  mail.shared_context = submission.shared_context;
  mail.language_code = submission.language_code;
  mail.transport = submission.transport;
  mail.labels = submission.labels;
  mail.request_id = submission.request_id;
  mail.create_time = now;
  mail.due_time = submission.due_time;
  mail.expire_time = submission.expire_time;
  return mail;
}

}  // namespace

absl::StatusOr<TemplateRef> Intake::ResolveTemplate(const MailHeader& header,
                                                    std::string_view prefix) {
  const auto name = ParseTemplateName(header.template_name);
  auto ref = dependencies_.templates.Resolve(name->key, name->version);
  if (ref.ok() || !absl::IsFailedPrecondition(ref.status())) return ref;
  // Said by the field, since only the caller can choose another template or publish this one.
  return WithReason(absl::FailedPreconditionError(
                        fmt::format("{}template: {}", prefix, std::string(ref.status().message()))),
                    {"TEMPLATE_NOT_PUBLISHED", {{"template", header.template_name}}});
}

absl::StatusOr<Submission> Intake::Prepare(const MailHeader& header, std::string_view prefix,
                                           Violations violations) {
  const absl::Time now = dependencies_.clock.Now();
  CheckHeader(header, prefix, now, dependencies_.transports, violations);
  LMSMAIL_RETURN_IF_ERROR(violations.ToStatus());

  Submission submission;
  LMSMAIL_ASSIGN_OR_RETURN(submission.template_ref, ResolveTemplate(header, prefix));
  const Category category = submission.template_ref.category;
  submission.request_id = header.request_id;
  submission.lane = header.lane.value_or(DefaultLane(category));
  submission.due_time = std::max(header.send_time.value_or(now), now);
  submission.expire_time =
      header.expire_time.value_or(submission.due_time + DefaultLifetime(category));
  submission.shared_context = Serialize(header.shared_context);
  submission.language_code = header.language_code;
  submission.transport = header.transport;
  submission.labels = header.labels;
  return submission;
}

absl::StatusOr<Draft> Intake::Validate(const MailHeader& header, const MailItem& item) {
  MailItem checked = item;
  Violations violations;
  CheckItem(checked, "", violations);
  LMSMAIL_ASSIGN_OR_RETURN(const Submission submission, Prepare(header, "", violations));
  Draft draft{MailOf(submission, dependencies_.clock.Now())};
  draft.mail.target = *checked.target;
  draft.mail.context = Serialize(checked.context);
  return draft;
}

absl::StatusOr<MessageRecord> Intake::Send(const MailHeader& header, const MailItem& item,
                                           std::int64_t digest) {
  MailItem checked = item;
  Violations violations;
  CheckItem(checked, "", violations);
  LMSMAIL_ASSIGN_OR_RETURN(Submission submission, Prepare(header, "", violations));
  submission.digest = digest;
  submission.items.push_back({*checked.target, Serialize(checked.context), header.request_id});
  LMSMAIL_ASSIGN_OR_RETURN(const Accepted accepted, commits_.Accept(submission));
  dependencies_.accepted();
  const MessageId id = accepted.items.at(0).id;
  if (accepted.replayed || accepted.items.at(0).duplicate) return dependencies_.log.Get(id);

  // What was stored this moment need not be read back.
  MessageRecord record;
  record.mail = MailOf(submission, dependencies_.clock.Now());
  record.mail.id = id;
  record.mail.target = std::move(*checked.target);
  record.mail.context = std::move(submission.items.front().context);
  record.update_time = record.mail.create_time;
  record.state =
      record.mail.due_time > record.mail.create_time ? State::kScheduled : State::kQueued;
  record.next_attempt_time = record.mail.due_time;
  return record;
}

absl::StatusOr<BatchResult> Intake::SendBatch(const MailHeader& header,
                                              absl::Span<const MailItem> items,
                                              std::int64_t digest) {
  Violations violations;
  if (items.empty() || items.size() > kMaxBatchItems) {
    violations.Add("items", fmt::format("must be 1 to {}; there are {}. More go through SendBulk",
                                        kMaxBatchItems, items.size()));
  }
  LMSMAIL_ASSIGN_OR_RETURN(Submission submission, Prepare(header, "header.", violations));
  submission.batch = true;
  submission.digest = digest;
  return Store(std::move(submission), items);
}

absl::StatusOr<Intake::Bulk> Intake::OpenBulk(const MailHeader& header) {
  LMSMAIL_ASSIGN_OR_RETURN(Submission submission, Prepare(header, "header.", {}));
  submission.batch = true;
  return Bulk(*this, std::move(submission));
}

absl::StatusOr<BatchResult> Intake::Bulk::Add(absl::Span<const MailItem> items,
                                              std::int64_t digest) {
  if (items.empty() || items.size() > kMaxBatchItems) {
    return InvalidField("items", fmt::format("must be 1 to {} in each message of the stream; there "
                                             "are {}",
                                             kMaxBatchItems, items.size()));
  }
  Submission submission = shared_;
  submission.chunk = chunk_++;
  submission.digest = digest;
  LMSMAIL_ASSIGN_OR_RETURN(BatchResult result, intake_.Store(std::move(submission), items));
  // A repeated stream goes on with the version that its first try was accepted with, whatever was
  // published since.
  if (chunk_ == 1 && result.batch != 0) {
    const auto batch = intake_.dependencies_.log.GetBatch(result.batch);
    if (batch.ok()) shared_.template_ref = batch->template_ref;
  }
  return result;
}

// Refused items are left out of what is stored, and the answers put back into the caller's order.
absl::StatusOr<BatchResult> Intake::Store(Submission submission, absl::Span<const MailItem> items) {
  BatchResult result;
  result.items.resize(items.size());
  std::vector<std::size_t> positions;
  for (std::size_t i = 0; i < items.size(); ++i) {
    MailItem item = items[i];
    Violations violations;
    CheckItem(item, fmt::format("items[{}].", i), violations);
    result.items[i].status = violations.ToStatus();
    if (!violations.empty()) continue;
    positions.push_back(i);
    submission.items.push_back({std::move(*item.target), Serialize(item.context), item.dedupe_key});
  }
  if (submission.items.empty()) return result;
  LMSMAIL_ASSIGN_OR_RETURN(const Accepted accepted, commits_.Accept(submission));
  dependencies_.accepted();
  result.batch = accepted.batch;
  for (std::size_t i = 0; i < positions.size() && i < accepted.items.size(); ++i) {
    result.items[positions[i]].id = accepted.items[i].id;
    result.items[positions[i]].duplicate = accepted.items[i].duplicate;
  }
  return result;
}

}  // namespace lmsmail::dispatch
