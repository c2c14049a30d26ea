#include "services/dispatch/intake/intake.h"

#include <fmt/format.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <algorithm>
#include <utility>

#include "libs/status/fault.h"
#include "libs/status/status_macros.h"
#include "services/dispatch/intake/mail_validation.h"
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

MessageRecord RecordOf(const Submission& submission, MessageId id, absl::Time now) {
  MessageRecord record;
  Mail& mail = record.mail;
  mail.id = id;
  mail.template_ref = submission.template_ref;
  mail.target = submission.items.at(0).target;
  mail.lane = submission.lane;
  mail.context = submission.items.at(0).context;
  mail.language_code = submission.language_code;
  mail.transport = submission.transport;
  mail.labels = submission.labels;
  mail.request_id = submission.request_id;
  mail.create_time = now;
  mail.due_time = submission.due_time;
  mail.expire_time = submission.expire_time;
  record.state = mail.due_time > now ? State::kScheduled : State::kQueued;
  record.next_attempt_time = mail.due_time;
  record.update_time = now;
  return record;
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

absl::StatusOr<Submission> Intake::PrepareOne(const MailHeader& header, const MailItem& item,
                                              Violations found) {
  MailItem checked = item;
  CheckItem(checked, "", found);
  LMSMAIL_ASSIGN_OR_RETURN(Submission submission, Prepare(header, "", std::move(found)));
  submission.items.push_back(
      {*std::move(checked.target), Serialize(checked.context), header.request_id});
  return submission;
}

absl::StatusOr<MessageRecord> Intake::Validate(const MailHeader& header, const MailItem& item,
                                               Violations found) {
  LMSMAIL_ASSIGN_OR_RETURN(const Submission submission, PrepareOne(header, item, std::move(found)));
  return RecordOf(submission, 0, dependencies_.clock.Now());
}

absl::StatusOr<MessageRecord> Intake::Send(const MailHeader& header, const MailItem& item,
                                           std::int64_t digest, Violations found) {
  LMSMAIL_ASSIGN_OR_RETURN(Submission submission, PrepareOne(header, item, std::move(found)));
  submission.digest = digest;
  LMSMAIL_ASSIGN_OR_RETURN(const Accepted accepted, Commit(submission));
  const Accepted::Item& only = accepted.items.at(0);
  if (accepted.replayed || only.duplicate) return dependencies_.log.Get(only.id);
  // What was stored this moment need not be read back.
  return RecordOf(submission, only.id, dependencies_.clock.Now());
}

absl::StatusOr<BatchResult> Intake::SendBatch(const MailHeader& header,
                                              absl::Span<const MailItem> items, std::int64_t digest,
                                              Violations found) {
  if (items.empty() || items.size() > kMaxBatchItems) {
    found.Add("items", fmt::format("must be 1 to {}; there are {}. More go through SendBulk",
                                   kMaxBatchItems, items.size()));
  }
  LMSMAIL_ASSIGN_OR_RETURN(Submission submission, Prepare(header, "header.", std::move(found)));
  submission.batch = true;
  submission.digest = digest;
  return Store(std::move(submission), items);
}

absl::StatusOr<Intake::Bulk> Intake::OpenBulk(const MailHeader& header, Violations found) {
  LMSMAIL_ASSIGN_OR_RETURN(Submission submission, Prepare(header, "header.", std::move(found)));
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

absl::StatusOr<Accepted> Intake::Commit(const Submission& submission) {
  LMSMAIL_ASSIGN_OR_RETURN(Accepted accepted, commits_.Accept(submission));
  if (accepted.items.size() != submission.items.size()) {
    return absl::InternalError("the store gave another number of mails than it was given");
  }
  const auto fresh = std::count_if(accepted.items.begin(), accepted.items.end(),
                                   [](const Accepted::Item& item) { return !item.duplicate; });
  if (!accepted.replayed) dependencies_.accepted(submission.lane, static_cast<int>(fresh));
  return accepted;
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
  LMSMAIL_ASSIGN_OR_RETURN(const Accepted accepted, Commit(submission));
  result.batch = accepted.batch;
  for (std::size_t i = 0; i < positions.size(); ++i) {
    result.items[positions[i]].id = accepted.items[i].id;
    result.items[positions[i]].duplicate = accepted.items[i].duplicate;
  }
  return result;
}

}  // namespace lmsmail::dispatch
