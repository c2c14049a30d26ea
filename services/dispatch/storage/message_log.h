#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"

#include "services/dispatch/message/message.h"
#include "services/dispatch/storage/queue_store.h"

namespace lmsmail::dispatch {

// One outcome as it was recorded.
struct RecordedOutcome {
  Outcome outcome;
  absl::Time time;
};

// Whether a mail was read, by persons and by programs.
struct Engagement {
  std::optional<absl::Time> open_time;   // the first one by a person
  std::optional<absl::Time> click_time;  // as well
  int opens = 0, clicks = 0;             // by persons
  int machine_opens = 0, machine_clicks = 0;

  bool any() const { return opens + clicks + machine_opens + machine_clicks > 0; }
};

struct MessageRecord {
  Mail mail;
  State state = State::kQueued;
  Reason reason = Reason::kNone;
  std::string detail;
  absl::Time update_time;
  int attempt_count = 0;
  std::optional<absl::Time> next_attempt_time;
  std::string content_hash;  // of the bytes that were sent; empty before
  std::string transport;     // that they were handed to; empty before
  Engagement engagement;
};

// What the log knows about one mail; each list is in order of time.
struct History {
  MessageRecord record;
  std::vector<RecordedOutcome> outcomes;
  struct Retried {
    absl::Time time;
    std::string request_id;
  };
  std::vector<Retried> retries;
  std::optional<absl::Time> cancel_requested;
  std::optional<absl::Time> claimed;  // set while a worker holds it
  struct Event {
    absl::Time time;
    EventType type;
    std::string detail;
    std::string event_id;
    bool machine = false;
  };
  std::vector<Event> events;
};

struct MessageFilter {
  std::optional<Target> target;  // an address in its canonical form
  std::string template_key;      // empty: any
  std::optional<State> state;
  BatchId batch = 0;                          // 0: any
  std::map<std::string, std::string> labels;  // all of them
  absl::Time start;                           // by due time
  absl::Time end;
};

struct BatchRecord {
  BatchId id = 0;
  std::string request_id;  // an identity::OwnedKey
  TemplateRef template_ref;
  double max_per_second = 0;  // as its sender set it; 0: no limit
  absl::Time create_time;
  bool cancelled = false;
  std::int64_t accepted = 0;
  struct Count {
    Outcome::Kind kind;
    Reason reason;
    std::int64_t count;
  };
  std::vector<Count> counts;     // final outcomes
  double recent_per_second = 0;  // final outcomes over the last minute
  // Mails of which providers reported it at least once.
  std::int64_t delivered = 0, bounced = 0;
};

struct ProviderEvent {
  std::string event_id;
  EventType type = EventType::kDelivered;
  MessageId message = 0;
  absl::Time time;
  std::string detail;
  bool machine = false;  // a program opened or clicked
  int link = 0;          // kClicked only: 1 to `links`; 0: not known
  int links = 0;
  bool own_id = false;  // the id is unique for the mail, not among all mails
};

// Evidence against an address: a permanent refusal of the recipient, or an event of a provider.
struct AddressReport {
  MessageId message = 0;
  std::optional<EventType> event;  // nullopt: a refusal
  int reply_code = 0;              // refusals only
  std::string enhanced_code;
  std::string detail;        // the server's text, or the provider's
  std::string address_hash;  // refusals only; empty if it is not known
};

struct DayStats {
  absl::Time day;  // UTC midnight
  std::string template_key;
  std::int64_t sent = 0, skipped = 0, failed = 0, bounced = 0, opened = 0, clicked = 0, dropped = 0,
               complained = 0, machine_opened = 0, machine_clicked = 0;
};

// What is stored for a request_id.
struct KnownRequest {
  std::int64_t digest = 0;  // of the body; for a bulk stream, of its first chunk
  bool batch = false;
  TemplateRef template_ref;  // batches only
  MessageId first = 0;       // its first mail
};

// The log of what happened. Thread-safe. Functions return by their deadline, and NOT_FOUND for a
// mail or batch that does not exist or is no longer in the log.
class MessageLog {
 public:
  virtual ~MessageLog() = default;

  // Returns the mails that were accepted with `key`, which is a Send's request_id or an item's
  // dedupe key, by the name of the caller who sent each. At most `kMaxSenders`.
  static constexpr int kMaxSenders = 20;
  virtual absl::StatusOr<std::map<std::string, MessageId>> FindByKey(std::string_view key,
                                                                     absl::Time deadline) = 0;
  // Returns what was accepted with `request_id`, an identity::OwnedKey, unless there was nothing or
  // it is deleted by now.
  virtual absl::StatusOr<std::optional<KnownRequest>> FindRequest(std::string_view request_id,
                                                                  absl::Time deadline) = 0;
  virtual absl::StatusOr<MessageRecord> Get(MessageId id, absl::Time deadline) = 0;
  virtual absl::StatusOr<History> Explain(MessageId id, absl::Time deadline) = 0;

  // A place in the list of all mails: newest first, and by descending id those of one time.
  struct Position {
    absl::Time create_time;
    MessageId id = 0;
  };
  struct Page {
    std::vector<MessageRecord> records;
    // Pass it as `after` to get the next page; nullopt at the end. A page may be short or even
    // empty before the end, because each call examines a bounded number of mails.
    std::optional<Position> next;
  };
  // Returns mails that come after `after` (nullopt: all), newest first.
  virtual absl::StatusOr<Page> List(const MessageFilter& filter, std::optional<Position> after,
                                    int limit, absl::Time deadline) = 0;

  virtual absl::StatusOr<BatchRecord> GetBatch(BatchId id, absl::Time deadline) = 0;

  struct EventCounts {
    int recorded = 0, duplicate = 0, unknown = 0, opted_out = 0;
  };
  // Returns the targets of those mails that are in the log.
  virtual absl::StatusOr<std::map<MessageId, Target>> Targets(absl::Span<const MessageId> ids,
                                                              absl::Time deadline) = 0;
  // A SENT mail becomes DELIVERED or BOUNCED. An UNCERTAIN mail becomes SENT when it was opened,
  // clicked or complained about, DELIVERED or BOUNCED, whichever of outcome and event is recorded
  // first. BOUNCED is final.
  //
  // An open or click right after the mail was sent is a program's, and so are clicks on three links
  // of a mail, or on both of two, within five seconds.
  virtual absl::StatusOr<EventCounts> RecordEvents(absl::Span<const ProviderEvent> events,
                                                   absl::Time deadline) = 0;

  // Returns the refusals as kRecipientRejected, bounces and complaints since then.
  virtual absl::StatusOr<std::vector<AddressReport>> AddressReports(absl::Time since,
                                                                    absl::Time deadline) = 0;

  // Ordered by day, then template. At most the last 366 days.
  virtual absl::StatusOr<std::vector<DayStats>> Stats(absl::Time start, absl::Time end,
                                                      std::string_view template_key,
                                                      absl::Time deadline) = 0;
  // Mails sent a second over the last minute, by lane; mails by each state that they reached in the
  // last hour.
  struct Recent {
    std::vector<std::pair<Lane, double>> sent_per_second;
    std::vector<std::pair<State, std::int64_t>> last_hour;
  };
  virtual absl::StatusOr<Recent> RecentOutcomes(absl::Time deadline) = 0;
};

}  // namespace lmsmail::dispatch
