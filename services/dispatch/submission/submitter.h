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

// What the mails of one call share, as the caller wrote it.
struct MailHeader {
  std::string request_id;
  std::string template_name;
  std::optional<Lane> lane;               // absent: by category
  std::optional<absl::Time> send_time;    // absent: now
  std::optional<absl::Time> expire_time;  // absent: by category
  std::string language_code;
  std::map<std::string, std::string> labels;
  std::string transport;
  google::protobuf::Struct shared_context;
  double max_per_second = 0;  // of a batch; 0: no limit
};

// One mail, as the caller wrote it.
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

struct BatchResult {
  BatchId batch = 0;              // 0 when no item was accepted
  std::vector<ItemResult> items;  // in order
};

inline constexpr std::size_t kMaxBatchItems = 1000;

// Accepts mail: checks it, pins its template's version, and stores it before it answers. A call
// that was accepted is answered the same way when it is repeated, though its times have passed, its
// template says something else or its transport is gone by then. Thread-safe.
class Submitter {
  // What the mails of one call have in common, and what their contexts have to hold.
  struct Prepared {
    Submission submission;
    std::optional<ContextValidation> contexts;  // none: not to be checked
  };
  // Items that were looked at one by one: what may be stored, and what is said of the rest.
  struct Checked {
    Submission submission;
    BatchResult result;
    std::vector<std::size_t> positions;  // of the submission's items among all
  };

 public:
  struct Dependencies {
    const Clock& clock;
    TemplateSource& templates;
    QueueStore& queue;
    MessageLog& log;
    std::set<std::string> transports;  // names that a call may choose
    // Called before a single mail of `lane` is stored.
    std::function<void(Lane lane)> before_accept = [](Lane) {};
    // Called after `mails` mails of `lane` were stored, some of which may be due.
    std::function<void(Lane lane, int mails)> accepted = [](Lane, int) {};
  };
  explicit Submitter(Dependencies dependencies)
      : dependencies_(std::move(dependencies)), commits_(dependencies_.queue) {}

  // `digest` is of the whole body, `found` what is known to be wrong with it already. Calls `done`
  // with the mail as it stands now, after COMMIT, on this thread or that of another Send.
  using SendDone = absl::AnyInvocable<void(absl::StatusOr<MessageRecord>)>;
  void Send(const MailHeader& header, MailItem item, std::int64_t digest, Violations found,
            SendDone done);
  // Checks everything and stores nothing: the mail has no id.
  absl::StatusOr<MessageRecord> Validate(const MailHeader& header, MailItem item,
                                         Violations found = {});

  absl::StatusOr<BatchResult> SendBatch(const MailHeader& header, std::vector<MailItem> items,
                                        std::int64_t digest, Violations found = {});

  // A bulk stream: each chunk is stored as it comes, under its position. One is stored while the
  // next is checked, and while the caller gets ready for more.
  class Bulk {
   public:
    // Begins to store `items`. Returns what became of the items before them, none at first.
    absl::StatusOr<BatchResult> Add(std::vector<MailItem> items, std::int64_t digest);
    // What became of the last. Without it they are stored nevertheless.
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
  absl::StatusOr<Bulk> OpenBulk(const MailHeader& header, Violations found = {});

 private:
  absl::StatusOr<Submission> PrepareOne(const MailHeader& header, MailItem item, Violations found);
  absl::StatusOr<Prepared> PrepareBatch(const MailHeader& header, Violations found);
  Submission ToSubmission(const MailHeader& header, TemplateRef template_ref) const;
  absl::StatusOr<TemplateRef> ResolveTemplate(const MailHeader& header, std::string_view prefix);
  absl::StatusOr<ContextValidation> ContextsOf(const TemplateRef& ref, const MailHeader& header);
  // The mail of a Send with this key and body that was accepted before; nullopt if there is none.
  std::optional<MessageRecord> FirstAnswer(const std::string& request_id, std::int64_t digest);
  Checked Check(Prepared prepared, std::vector<MailItem> items) const;
  absl::StatusOr<BatchResult> Store(Checked checked);
  absl::StatusOr<MessageRecord> AnswerTo(const Submission& submission,
                                         absl::StatusOr<Accepted> accepted);
  // Checks what the store says and tells of new mail.
  absl::StatusOr<Accepted> Note(const Submission& submission, absl::StatusOr<Accepted> accepted);

  const Dependencies dependencies_;
  GroupCommit commits_;
};

}  // namespace lmsmail::dispatch
