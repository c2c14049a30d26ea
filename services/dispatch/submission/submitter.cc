#include "services/dispatch/submission/submitter.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "libs/identity/owned_key.h"
#include "libs/protobuf/deterministic_bytes.h"
#include "libs/status/error_details.h"
#include "libs/status/status_macros.h"
#include "libs/status/transient.h"
#include "libs/tracing/span.h"
#include "services/dispatch/message/resource_names.h"
#include "services/dispatch/submission/mail_validation.h"

namespace lmsmail::dispatch {
namespace {

MessageRecord RecordOf(const Submission& submission, MessageId id, absl::Time created,
                       absl::Time due) {
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
  mail.key = submission.items.at(0).dedupe_key;
  mail.sender = identity::SplitOwnedKey(submission.request_id).owner;
  mail.traceparent = submission.traceparent;
  mail.create_time = created;
  mail.due_time = due;
  mail.expire_time = submission.expire_time;
  record.state = due > created ? State::kScheduled : State::kQueued;
  record.next_attempt_time = due;
  record.update_time = created;
  return record;
}

}  // namespace

absl::StatusOr<TemplateRef> Submitter::ResolveTemplate(const MailHeader& header,
                                                       std::string_view prefix,
                                                       absl::Time deadline) {
  const auto name = ParseTemplateName(header.template_name);
  auto ref = dependencies_.templates.Resolve(name->key, name->version, deadline);
  if (ref.ok() || !absl::IsFailedPrecondition(ref.status())) return ref;
  // Names the field, because the caller must choose another template or publish this one.
  return WithReason(absl::FailedPreconditionError(
                        fmt::format("{}template: {}", prefix, std::string(ref.status().message()))),
                    {"TEMPLATE_NOT_PUBLISHED", {{"template", header.template_name}}});
}

absl::StatusOr<ContextValidation> Submitter::ContextValidationFor(const TemplateRef& ref,
                                                                  const MailHeader& header,
                                                                  absl::Time deadline) {
  LMSMAIL_ASSIGN_OR_RETURN(auto version,
                           dependencies_.templates.Get(ref.key, ref.version, deadline));
  return ContextValidation(std::move(version), header.shared_context);
}

Submission Submitter::ToSubmission(const MailHeader& header, TemplateRef template_ref) const {
  const absl::Time now = dependencies_.clock.Now();
  const CategoryPolicy& policy = PolicyOf(template_ref.category);
  Submission submission;
  submission.request_id = identity::MakeOwnedKey(header.sender, header.request_id);
  submission.template_ref = std::move(template_ref);
  submission.lane = header.lane.value_or(policy.default_lane);
  submission.due_time = std::max(header.send_time.value_or(now), now);
  submission.expire_time =
      header.expire_time.value_or(submission.due_time + policy.default_lifetime);
  submission.shared_context = protobuf::DeterministicBytes(header.shared_context);
  submission.language_code = header.language_code;
  submission.transport = header.transport;
  submission.labels = header.labels;
  submission.max_per_second = header.max_per_second;
  submission.traceparent = tracing::SampledParent();
  return submission;
}

absl::StatusOr<Submission> Submitter::PrepareOne(const MailHeader& header, MailItem item,
                                                 Violations violations, absl::Time deadline) {
  CheckItem(item, "", violations);
  CheckHeader(header, "", violations);
  CheckTimes(header, "", dependencies_.clock.Now(), violations);
  CheckTransport(header, "", dependencies_.transports, violations);
  LMSMAIL_RETURN_IF_ERROR(violations.ToStatus());

  LMSMAIL_ASSIGN_OR_RETURN(TemplateRef ref, ResolveTemplate(header, "", deadline));
  // While the content is unavailable, the mail is accepted and its context checked when it is
  // rendered.
  if (const auto contexts = ContextValidationFor(ref, header, deadline); contexts.ok()) {
    contexts->Check(item.context.values(), "", violations);
    LMSMAIL_RETURN_IF_ERROR(violations.ToStatus());
  }
  Submission submission = ToSubmission(header, std::move(ref));
  submission.items.push_back(
      {*std::move(item.target), std::move(item.context).bytes(), submission.request_id});
  return submission;
}

absl::StatusOr<Submitter::Prepared> Submitter::PrepareBatch(const MailHeader& header,
                                                            Violations violations,
                                                            absl::Time deadline) {
  CheckHeader(header, "header.", violations);
  LMSMAIL_RETURN_IF_ERROR(violations.ToStatus());
  // A repeated call uses the version of the first one. Otherwise other items might be refused, and
  // the accepted ones would have other ids.
  LMSMAIL_ASSIGN_OR_RETURN(const std::optional<KnownRequest> known,
                           dependencies_.log.FindRequest(
                               identity::MakeOwnedKey(header.sender, header.request_id), deadline));
  TemplateRef ref;
  if (known && known->batch) {
    ref = known->template_ref;
  } else {
    CheckTimes(header, "header.", dependencies_.clock.Now(), violations);
    CheckTransport(header, "header.", dependencies_.transports, violations);
    LMSMAIL_RETURN_IF_ERROR(violations.ToStatus());
    LMSMAIL_ASSIGN_OR_RETURN(ref, ResolveTemplate(header, "header.", deadline));
  }
  Prepared prepared;
  absl::StatusOr<ContextValidation> contexts = ContextValidationFor(ref, header, deadline);
  // For the same reason a batch is not accepted unchecked while the content is unavailable.
  if (IsTransient(contexts.status())) return contexts.status();
  if (contexts.ok()) prepared.contexts = *std::move(contexts);
  prepared.submission = ToSubmission(header, std::move(ref));
  prepared.submission.batch = true;
  return prepared;
}

absl::StatusOr<MessageRecord> Submitter::Validate(const MailHeader& header, MailItem item,
                                                  std::int64_t digest, Violations violations,
                                                  absl::Time deadline) {
  LMSMAIL_ASSIGN_OR_RETURN(const Submission submission,
                           PrepareOne(header, std::move(item), std::move(violations), deadline));
  LMSMAIL_ASSIGN_OR_RETURN(const std::optional<KnownRequest> known,
                           dependencies_.log.FindRequest(submission.request_id, deadline));
  if (known && (known->batch || known->digest != digest)) {
    return AlreadyExists(fmt::format("request_id \"{}\"", header.request_id),
                         "was used before with another body");
  }
  return RecordOf(submission, 0, dependencies_.clock.Now(), submission.due_time);
}

std::optional<SendResult> Submitter::FindAccepted(const MailHeader& header, std::int64_t digest,
                                                  absl::Time deadline) {
  Violations violations;
  CheckKey(header.request_id, "request_id", violations);
  if (!violations.empty()) return std::nullopt;
  const auto known = dependencies_.log.FindRequest(
      identity::MakeOwnedKey(header.sender, header.request_id), deadline);
  if (!known.ok() || !*known || (*known)->batch || (*known)->digest != digest) return std::nullopt;
  absl::StatusOr<MessageRecord> record = dependencies_.log.Get((*known)->first, deadline);
  if (!record.ok()) return std::nullopt;
  return SendResult{.record = *std::move(record), .duplicate = true};
}

void Submitter::Send(const MailHeader& header, MailItem item, std::int64_t digest,
                     Violations violations, absl::Time deadline, SendDone done) {
  absl::StatusOr<Submission> submission =
      PrepareOne(header, std::move(item), std::move(violations), deadline);
  if (!submission.ok()) {
    if (auto first = FindAccepted(header, digest, deadline)) return done(*std::move(first));
    return done(submission.status());
  }
  submission->digest = digest;
  const bool due = BeforeAccept(*submission);
  commits_.Accept(*std::move(submission), deadline,
                  [this, due, deadline, done = std::move(done)](
                      const Submission& stored, absl::StatusOr<Accepted> accepted) mutable {
                    done(FinishSend(stored, due, std::move(accepted), deadline));
                  });
}

bool Submitter::BeforeAccept(const Submission& submission) {
  const bool due = submission.due_time <= dependencies_.clock.Now();
  if (due) dependencies_.before_accept(submission.lane);
  return due;
}

absl::StatusOr<SendResult> Submitter::FinishSend(const Submission& submission, bool due,
                                                 absl::StatusOr<Accepted> accepted,
                                                 absl::Time deadline) {
  LMSMAIL_ASSIGN_OR_RETURN(const Accepted result,
                           FinishAccept(submission, due, std::move(accepted)));
  const Accepted::Item& mail = result.items.at(0);
  if (result.replayed || mail.duplicate) {
    LMSMAIL_ASSIGN_OR_RETURN(MessageRecord first, dependencies_.log.Get(mail.id, deadline));
    return SendResult{.record = std::move(first), .duplicate = true};
  }
  // A new mail is as it was sent; it need not be read back.
  return SendResult{.record = RecordOf(submission, mail.id, mail.create_time, mail.due_time)};
}

absl::StatusOr<BatchResult> Submitter::SendBatch(const MailHeader& header,
                                                 std::vector<MailItem> items, std::int64_t digest,
                                                 Violations violations, absl::Time deadline) {
  if (items.empty() || items.size() > kMaxBatchItems) {
    violations.Add("items", fmt::format("must have 1 to {} items; it has {}. Use SendBulk for more",
                                        kMaxBatchItems, items.size()));
  }
  LMSMAIL_ASSIGN_OR_RETURN(Prepared prepared,
                           PrepareBatch(header, std::move(violations), deadline));
  prepared.submission.digest = digest;
  return Store(Check(std::move(prepared), std::move(items)), deadline);
}

absl::StatusOr<Submitter::Bulk> Submitter::OpenBulk(const MailHeader& header, Violations violations,
                                                    absl::Time deadline) {
  LMSMAIL_ASSIGN_OR_RETURN(Prepared prepared,
                           PrepareBatch(header, std::move(violations), deadline));
  return Bulk(*this, std::move(prepared));
}

absl::StatusOr<BatchResult> Submitter::Bulk::Add(std::vector<MailItem> items, std::int64_t digest,
                                                 absl::Time deadline) {
  if (items.empty() || items.size() > kMaxBatchItems) {
    return InvalidField(
        "items", fmt::format("must have 1 to {} items in each message of the stream; it has {}",
                             kMaxBatchItems, items.size()));
  }
  Prepared prepared = shared_;
  prepared.submission.chunk = chunk_++;
  prepared.submission.digest = digest;
  Checked checked = submitter_->Check(std::move(prepared), std::move(items));
  absl::StatusOr<BatchResult> previous = Finish();
  if (!previous.ok()) return previous;
  storing_ = std::async(std::launch::async,
                        [submitter = submitter_, deadline, it = std::move(checked)]() mutable {
                          return submitter->Store(std::move(it), deadline);
                        });
  return previous;
}

absl::StatusOr<BatchResult> Submitter::Bulk::Finish() {
  if (!storing_.valid()) return BatchResult();
  return storing_.get();
}

absl::StatusOr<Accepted> Submitter::FinishAccept(const Submission& submission, bool due,
                                                 absl::StatusOr<Accepted> accepted) {
  if (accepted.ok() && accepted->items.size() != submission.items.size()) {
    accepted = absl::InternalError("the store returned a wrong number of mails");
  }
  int created = 0;
  if (accepted.ok() && !accepted->replayed) {
    created = static_cast<int>(std::ranges::count_if(
        accepted->items, [](const Accepted::Item& item) { return !item.duplicate; }));
    dependencies_.after_accept(submission.lane, created);
  }
  if (due) dependencies_.accept_ended(submission.lane, created);
  return accepted;
}

Submitter::Checked Submitter::Check(Prepared prepared, std::vector<MailItem> items) const {
  Checked checked;
  checked.submission = std::move(prepared.submission);
  const std::string sender(identity::SplitOwnedKey(checked.submission.request_id).owner);
  checked.submission.items.reserve(items.size());
  checked.positions.reserve(items.size());
  checked.result.items.resize(items.size());
  for (std::size_t i = 0; i < items.size(); ++i) {
    MailItem& item = items[i];
    Violations violations;
    const std::string prefix = fmt::format("items[{}].", i);
    CheckItem(item, prefix, violations);
    if (violations.empty() && prepared.contexts) {
      prepared.contexts->Check(item.context.values(), prefix, violations);
    }
    checked.result.items[i].status = violations.ToStatus();
    if (!violations.empty()) continue;
    checked.positions.push_back(i);
    checked.submission.items.push_back({*std::move(item.target), std::move(item.context).bytes(),
                                        item.dedupe_key.empty()
                                            ? std::string()
                                            : identity::MakeOwnedKey(sender, item.dedupe_key)});
  }
  return checked;
}

// Stores the valid items and returns all results in the order of the request.
absl::StatusOr<BatchResult> Submitter::Store(Checked checked, absl::Time deadline) {
  const Submission& submission = checked.submission;
  BatchResult& result = checked.result;
  if (submission.items.empty()) return std::move(result);
  const bool due = BeforeAccept(submission);
  LMSMAIL_ASSIGN_OR_RETURN(
      const Accepted accepted,
      FinishAccept(submission, due, AcceptAlone(dependencies_.queue, submission, deadline)));
  result.batch = accepted.batch;
  for (std::size_t i = 0; i < checked.positions.size(); ++i) {
    ItemResult& item = result.items[checked.positions[i]];
    item.id = accepted.items[i].id;
    item.duplicate = accepted.items[i].duplicate;
  }
  return std::move(result);
}

}  // namespace lmsmail::dispatch
