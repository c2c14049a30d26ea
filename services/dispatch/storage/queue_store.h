#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"

#include "services/dispatch/message/message.h"

namespace lmsmail::dispatch {

// Mails that are accepted together and share everything but target and context: one Send, or up to
// 1000 items of a batch.
struct Submission {
  std::string request_id;   // an identity::OwnedKey
  int chunk = 0;            // position in a bulk stream; 0 for Send and SendBatch
  std::int64_t digest = 0;  // of the whole body: the same request id with another digest is refused
  bool batch = false;       // the mails belong to the batch of `request_id`
  TemplateRef template_ref;
  Lane lane = Lane::kTransactional;
  absl::Time due_time;  // a past time means now
  absl::Time expire_time;
  std::string shared_context;  // serialized Struct; batches only
  double max_per_second = 0;   // of the whole batch; 0: no limit; batches only
  std::string language_code;
  std::string transport;
  std::map<std::string, std::string> labels;
  std::string traceparent;  // of the accepting call if its trace is sampled, otherwise empty

  struct Item {
    Target target;
    std::string context;     // serialized Struct
    std::string dedupe_key;  // likewise; empty: none, for a single Send the request_id
  };
  std::vector<Item> items;
};

struct Accepted {
  BatchId batch = 0;
  bool replayed = false;  // the whole submission was accepted by an earlier call
  struct Item {
    MessageId id = 0;
    bool duplicate = false;  // accepted earlier, by this request or with its dedupe key
    // As stored, by the clock of the store. Set only for the mail of a Send that was accepted now.
    absl::Time create_time = {};
    absl::Time due_time = {};
  };
  std::vector<Item> items;  // in the order of the submission
};

struct ClaimedMail {
  Mail mail;
  // How often the mail was claimed, this claim included. Identifies the outcome, so that a repeated
  // flush records nothing twice.
  int delivery_count = 0;
  int attempt = 0;  // delivery attempts so far
  // Of its attempts since the last Retry: refusals of the sender that no circuit breaker answered
  // for, and times it was sent again although it may have arrived.
  int sender_rejections = 0;
  int resends = 0;
  // The transport where it may have arrived, which alone sends it again; empty without resends.
  std::string uncertain_transport;
  // The transport that gave it back undelivered the last time; empty if none did.
  std::string returned_by;
  bool cancelled = false;  // alone or with its batch
  // A worker died, or lost its lease, while it held this mail: it may have been sent already.
  bool recovered = false;
  // A worker that was presumed dead has reported it as sent. Neither send it nor record an outcome.
  bool already_sent = false;
};

struct Claim {
  ClaimId id = 0;
  Lane lane = Lane::kTransactional;
  int shard = 0;
  std::vector<ClaimedMail> mails;
};

// The result of one claimed mail.
struct Outcome {
  enum class Kind : std::int16_t {
    kSent = 1,
    kDeferred = 2,  // returns to the queue, due at `retry_time`
    kFailed = 3,
    kCancelled = 4,
    kExpired = 5,
    kUncertain = 6,
    kSkipped = 7,
  };
  MessageId id = 0;
  int delivery_count = 0;
  int attempt = 0;  // delivery attempts so far, including one made now
  Kind kind = Kind::kSent;
  Reason reason = Reason::kNone;
  absl::Time retry_time;  // kDeferred only
  std::string transport;
  int reply_code = 0;         // SMTP or HTTP
  std::string enhanced_code;  // RFC 3463
  std::string reply_text;     // of the server, at most 512 bytes; or a description of the error
  std::string content_hash;   // SHA-256 of the bytes that were sent, raw; empty if none were
  std::string address_hash;   // of the address they were for (AddressHashes), raw; may be empty
  // Of the mail, for metrics and logs. Not recorded: its message has them.
  std::string traceparent;  // as Mail has it
  std::string template_key;
  Category category = Category::kAnnouncement;
  Lane lane = Lane::kTransactional;
  absl::Duration latency;  // kSent only: since the mail was accepted or due, whichever was later
  std::uint64_t journal_token = 0;  // of its entry in the intent journal; not recorded
};

struct FlushResult {
  bool live = false;  // false: the claim is lost, and only kSent outcomes were recorded
  int recorded = 0;
};

struct LaneDepth {
  Lane lane = Lane::kTransactional;
  bool paused = false;
  std::string pause_detail;
  std::int64_t due = 0;
  std::int64_t waiting = 0;    // in the queue, due later
  std::int64_t scheduled = 0;  // due on later days
  std::int64_t in_flight = 0;
  std::optional<absl::Time> oldest_due;
};

struct InFlightClaim {
  ClaimId id = 0;
  std::string worker;
  Lane lane = Lane::kTransactional;
  absl::Time claim_time;
  absl::Time lease_expire_time;
  int count = 0;
  std::vector<MessageId> open;  // at most 100 without an outcome
};

enum class CancelResult { kCancelled, kRequested, kTooLate, kNotFound };

struct Cancellations {
  std::int64_t cursor = 0;          // for the next call
  std::vector<MessageId> messages;  // cancelled while a worker may hold them
  std::vector<BatchId> batches;
};

// The queue: which mails were accepted, which worker holds them, and their outcomes. Thread-safe.
// Every function is one transaction; what it returned OK for survives a crash. Those that calls use
// return by their deadline; the others are bounded by the timeouts of the store. Data is split by
// lifetime, and no row is updated for a mail: an immutable message, a queue row while it waits, one
// row for a whole claim, an appended outcome. So a claim takes as long with millions of waiting or
// ended mails as with none.
class QueueStore {
 public:
  virtual ~QueueStore() = default;

  // Accepts all, small ones in a transaction that they share. Returns one result for each, in
  // order: ALREADY_EXISTS, for a request id that was used with another body, concerns that
  // submission alone. After an error some may be accepted nevertheless: a repeated call returns
  // those as accepted earlier.
  virtual absl::StatusOr<std::vector<absl::StatusOr<Accepted>>> Accept(
      absl::Span<const Submission> submissions, absl::Time deadline) = 0;

  // Claims up to `limit` due mails of `lane`, oldest first, from one shard. Returns none when the
  // lane is empty or paused, or while another worker is claiming from it. After an error mails may
  // be claimed nevertheless: call Resume with the same id next.
  virtual absl::StatusOr<Claim> TakeDue(ClaimId id, std::string_view worker, Lane lane, int limit,
                                        absl::Duration lease) = 0;
  // Extends the lease of a claim that is still held, and returns its mails without an outcome.
  // Returns none when the claim is not held, or never was.
  virtual absl::StatusOr<Claim> Resume(ClaimId id, absl::Duration lease) = 0;
  // Names the database: ids of another one mean other mail.
  virtual absl::StatusOr<std::string> DatabaseId() = 0;
  // Returns an unused claim id.
  virtual absl::StatusOr<ClaimId> NextClaimId() = 0;

  // Records outcomes of mails of one claim; `last` ends it. A repeated call changes nothing.
  virtual absl::StatusOr<FlushResult> Flush(ClaimId id, absl::Span<const Outcome> outcomes,
                                            bool last) = 0;
  // Extends the leases of claims that are still held, and returns those.
  virtual absl::StatusOr<std::vector<ClaimId>> Extend(absl::Span<const ClaimId> ids,
                                                      absl::Duration lease) = 0;
  // Ends a claim and returns its mails without an outcome to the queue, as if they had not been
  // claimed. Returns how many.
  virtual absl::StatusOr<int> Release(ClaimId id) = 0;
  // Ends claims whose lease expired and returns their mails to the queue, marked as recovered.
  // Returns how many. While the store is down, the leases of live holders expire too; so a claim is
  // ended only if a call at least half a lease ago found it overdue. Call it often.
  virtual absl::StatusOr<int> RecoverExpired(absl::Time deadline) = 0;

  // When the next mail of those `lanes` that are not paused becomes due; nullopt if none waits.
  virtual absl::StatusOr<std::optional<absl::Time>> NextDue(absl::Span<const Lane> lanes) = 0;

  virtual absl::StatusOr<CancelResult> Cancel(MessageId id, absl::Time deadline) = 0;
  // Marks the batch. Its waiting mails become CANCELLED when they are claimed.
  virtual absl::Status CancelBatch(BatchId id, absl::Time deadline) = 0;
  // Returns the cancellations after `cursor` (0: those of the last hour). Workers apply them to the
  // mails they hold.
  virtual absl::StatusOr<Cancellations> CancellationsSince(std::int64_t cursor) = 0;

  // Returns a mail with a final outcome other than SENT to the queue, once for each `request_id`.
  // FAILED_PRECONDITION in another state or if its content was dropped, NOT_FOUND if there is no
  // such mail.
  virtual absl::Status Retry(MessageId id, std::string_view request_id, absl::Time deadline) = 0;

  // Returns mail to the queue that a restore of the database left UNCERTAIN, of these categories
  // or, if there are none, of all. Returns how many. After an error some may be back.
  virtual absl::StatusOr<std::int64_t> RetryRestored(absl::Span<const Category> categories,
                                                     absl::Time deadline) = 0;

  virtual absl::Status SetPaused(Lane lane, bool paused, std::string_view detail,
                                 absl::Time deadline) = 0;
  virtual absl::StatusOr<std::vector<LaneDepth>> Depths(absl::Time deadline) = 0;
  // Returns at most `limit` claims with an id above `after`, ascending.
  virtual absl::StatusOr<std::vector<InFlightClaim>> InFlight(ClaimId after, int limit,
                                                              absl::Time deadline) = 0;

  // Moves mail of later days that is now due within a day into the queue. Returns how many.
  virtual absl::StatusOr<int> Promote(absl::Time deadline) = 0;
  // Finds mail that claims would miss because its transaction committed long after its due time.
  // Each store remembers where its claims begin to look, so every replica calls this from time to
  // time.
  virtual absl::Status FindOverlooked() = 0;
  // Makes the partitions of the coming days, which new mail needs.
  virtual absl::Status EnsurePartitions(absl::Time deadline) = 0;
  // Deletes some keys of purged mail. Returns whether there may be more. Each call is short: call
  // it until it returns false.
  virtual absl::StatusOr<bool> ForgetKeys() = 0;
  struct DroppedContent {
    int mails = 0;
    bool more = false;  // there may be more to do
  };
  // Drops some of the content of mail that has ended and was due on a day (UTC) before that of its
  // category in `before`: context, address of a bare address, replies and details of events. Each
  // call is short: call it until there is no more. While another replica does it, there is none.
  virtual absl::StatusOr<DroppedContent> DropContent(
      const std::map<Category, absl::Time>& before) = 0;
  // Compacts counters and cleans up after deleted rows. Takes up to some minutes.
  virtual absl::Status Maintain() = 0;
  // Ends FindOverlooked and Maintain, now and in future, with an error. Thread-safe.
  virtual void InterruptMaintenance() = 0;
  struct Purged {
    int dropped_days = 0;
    int kept_days = 0;
  };
  // Drops the mail of whole partitions (kPartitionDays) before `before`, except those of which mail
  // still waits. ForgetKeys deletes its keys and batches.
  virtual absl::StatusOr<Purged> Purge(absl::Time before, bool count_only, absl::Time deadline) = 0;
};

}  // namespace lmsmail::dispatch
