#pragma once

#include <google/protobuf/struct.pb.h>

#include <cstdint>
#include <functional>
#include <future>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"

#include "libs/clock/clock.h"
#include "libs/status/error_details.h"
#include "services/dispatch/rendering/template_source.h"
#include "services/dispatch/storage/message_log.h"
#include "services/dispatch/storage/queue_store.h"
#include "services/dispatch/submission/context_validation.h"
#include "services/dispatch/submission/group_commit.h"
#include "services/dispatch/submission/mail_context.h"

namespace lmsmail::dispatch {

// What the mails of one call have in common, as the caller sent it.
struct MailHeader {
  std::string sender;      // the caller, to whom the keys belong
  std::string request_id;  // as the caller chose it
  std::string template_name;
  std::optional<Lane> lane;               // nullopt: that of the category
  std::optional<absl::Time> send_time;    // nullopt: now
  std::optional<absl::Time> expire_time;  // nullopt: by the category's lifetime
  std::string language_code;
  std::map<std::string, std::string> labels;
  std::string transport;
  google::protobuf::Struct shared_context;
  double max_per_second = 0;  // batches only; 0: no limit
};

// One mail, as the caller sent it.
struct MailItem {
  std::optional<Target> target;
  MailContext context;
  std::string dedupe_key;
};

struct ItemResult {
  absl::Status status;  // OK when accepted now or earlier
  MessageId id = 0;
  bool duplicate = false;
};

struct SendResult {
  MessageRecord record;
  bool duplicate = false;  // accepted earlier under the same key
};

struct BatchResult {
  BatchId batch = 0;              // 0 when no item was accepted
  std::vector<ItemResult> items;  // in the order of the request
};

inline constexpr std::size_t kMaxBatchItems = 1000;

// Accepts mail: validates it, pins its template version and stores it. Calls are idempotent: a
// repeated call returns the first result, even if its times have passed, its template has changed
// or its transport is no longer configured. Thread-safe.
class Submitter {
  // A validated header without items.
  struct Prepared {
    Submission submission;
    std::optional<ContextValidation> contexts;  // nullopt: contexts are not checked
  };
  // Validated items: the valid ones are in `submission`, the errors of the others in `result`.
  struct Checked {
    Submission submission;
    BatchResult result;
    std::vector<std::size_t> positions;  // in the request, of the submission's items
  };

 public:
  struct Dependencies {
    const Clock& clock;
    TemplateSource& templates;
    QueueStore& queue;
    MessageLog& log;
    std::set<std::string> transports;  // the configured names
    // Called before mail that is due is stored in `lane`. accept_ended follows.
    std::function<void(Lane lane)> before_accept = [](Lane) {};
    // `mails` new mails were stored; 0 after an error.
    std::function<void(Lane lane, int mails)> accept_ended = [](Lane, int) {};
    // Called after `mails` new mails were stored in `lane`, due or not.
    std::function<void(Lane lane, int mails)> after_accept = [](Lane, int) {};
  };
  explicit Submitter(Dependencies dependencies)
      : dependencies_(std::move(dependencies)), commits_(dependencies_.queue) {}

  // In all methods, `digest` is a hash of the whole request, `violations` has those that its
  // conversion found, and `deadline` is the caller's.

  // Calls `done` with the stored mail after COMMIT, on this thread or on that of another Send.
  using SendDone = absl::AnyInvocable<void(absl::StatusOr<SendResult>)>;
  void Send(const MailHeader& header, MailItem item, std::int64_t digest, Violations violations,
            absl::Time deadline, SendDone done);
  // Validates without storing, also that the key is free or that of an equal mail. The returned
  // mail has no id.
  absl::StatusOr<MessageRecord> Validate(const MailHeader& header, MailItem item,
                                         std::int64_t digest, Violations violations,
                                         absl::Time deadline);

  absl::StatusOr<BatchResult> SendBatch(const MailHeader& header, std::vector<MailItem> items,
                                        std::int64_t digest, Violations violations,
                                        absl::Time deadline);

  // A bulk stream. Each chunk of items is stored under its position in the stream, on a thread of
  // its own, while the caller receives and validates the next one. Not thread-safe.
  class Bulk {
   public:
    // Validates `items` and starts storing them. Returns the result of the previous chunk, without
    // items for the first one.
    absl::StatusOr<BatchResult> Add(std::vector<MailItem> items, std::int64_t digest,
                                    absl::Time deadline);
    // Returns the result of the last chunk, which is stored even without this call.
    absl::StatusOr<BatchResult> Finish();

   private:
    friend class Submitter;
    Bulk(Submitter& submitter, Prepared shared)
        : submitter_(&submitter), shared_(std::move(shared)) {}

    Submitter* submitter_;
    Prepared shared_;
    int chunk_ = 0;
    std::future<absl::StatusOr<BatchResult>> storing_;
  };
  absl::StatusOr<Bulk> OpenBulk(const MailHeader& header, Violations violations,
                                absl::Time deadline);

 private:
  absl::StatusOr<Submission> PrepareOne(const MailHeader& header, MailItem item,
                                        Violations violations, absl::Time deadline);
  absl::StatusOr<Prepared> PrepareBatch(const MailHeader& header, Violations violations,
                                        absl::Time deadline);
  Submission ToSubmission(const MailHeader& header, TemplateRef template_ref) const;
  absl::StatusOr<TemplateRef> ResolveTemplate(const MailHeader& header, std::string_view prefix,
                                              absl::Time deadline);
  absl::StatusOr<ContextValidation> ContextValidationFor(const TemplateRef& ref,
                                                         const MailHeader& header,
                                                         absl::Time deadline);
  // The idempotency lookup of Send: the mail that was accepted with this key and body.
  std::optional<SendResult> FindAccepted(const MailHeader& header, std::int64_t digest,
                                         absl::Time deadline);
  Checked Check(Prepared prepared, std::vector<MailItem> items) const;
  absl::StatusOr<BatchResult> Store(Checked checked, absl::Time deadline);
  // Returns whether the mail is due. The call that ends with FinishAccept begins.
  bool BeforeAccept(const Submission& submission);
  absl::StatusOr<SendResult> FinishSend(const Submission& submission, bool due,
                                        absl::StatusOr<Accepted> accepted, absl::Time deadline);
  // Checks the result of the store and calls after_accept for new mail.
  absl::StatusOr<Accepted> FinishAccept(const Submission& submission, bool due,
                                        absl::StatusOr<Accepted> accepted);

  const Dependencies dependencies_;
  GroupCommit commits_;
};

}  // namespace lmsmail::dispatch
