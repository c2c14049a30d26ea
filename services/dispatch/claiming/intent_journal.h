#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/types/span.h"

#include "libs/telemetry/logging.h"
#include "services/dispatch/message/message.h"
#include "services/dispatch/storage/queue_store.h"
#include "services/dispatch/transports/transport.h"

namespace lmsmail::dispatch {

// Records which mails this process handed over and how far each came, until their outcomes are
// recorded in the database. The file is mapped into memory, so it survives any end of the process:
// what was written belongs to the kernel. The next process then knows which mails were sent, which
// were not, and which few are uncertain: those between "." and the server's reply.
//
// The journal does not survive a crash of the machine, because nothing is synced to disk; leases
// recover the mail then. Thread-safe.
class IntentJournal {
 public:
  // Records all claims, and up to `mails` mails at a time; more are not recorded, which is logged.
  // With 0, only claims are recorded. An empty path keeps the journal in memory only.
  // ALREADY_EXISTS when another process has the file open.
  static absl::StatusOr<std::unique_ptr<IntentJournal>> Open(const std::string& path,
                                                             std::size_t mails);
  ~IntentJournal();
  IntentJournal(const IntentJournal&) = delete;
  IntentJournal& operator=(const IntentJournal&) = delete;

  // Records the outcomes that the last process left: mails that were sent, and uncertain ones as
  // `decide` says. Then releases the rest of its claims and clears the journal. Must be called
  // first, and again after an error. A claim whose outcomes the queue refuses for good is left to
  // its lease, and so are all when the journal was written for another database.
  using Decide = absl::FunctionRef<Outcome(const ClaimedMail&, const DeliveryResult&)>;
  absl::Status Replay(QueueStore& queue, Decide decide);

  // Called before `claim` is made, because its answer may be lost. Idempotent, like ClaimEnded.
  void ClaimOpened(ClaimId claim);
  void ClaimEnded(ClaimId claim);

  // Called before `mail` goes to the transport. Returns the token of its entry, which is freed by
  // Recorded or HandedBack; 0 when the journal is full. The methods below ignore 0 and tokens whose
  // entry was freed.
  std::uint64_t HandedOver(ClaimId claim, const ClaimedMail& mail, std::string_view transport,
                           std::string_view content_hash, std::string_view address_hash);
  // Called before the last byte is sent. Never blocks.
  void DotSent(std::uint64_t token);
  // Not called for an ambiguous result, which leaves the mail uncertain. Never blocks.
  void ReplyReceived(std::uint64_t token, bool accepted);
  // The mail was not sent and is released.
  void HandedBack(std::uint64_t token);
  void Recorded(absl::Span<const Outcome> outcomes);
  // The outcome will not be recorded. The entry is kept for the next process until its place is
  // needed.
  void GivenUp(const Outcome& outcome);

  // The number of mails that are recorded now.
  int in_use() const;

 private:
  struct File;
  struct Entry;

  IntentJournal(int fd, void* memory, std::size_t mails, std::size_t entries);
  static std::size_t SizeOf(std::size_t entries);
  Entry* EntryOf(std::uint64_t token) const;
  Entry* TakeEntry() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Free(std::uint64_t token) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Clear();

  const int fd_;  // -1: in memory only
  File* const file_;
  const std::size_t mails_;
  const absl::Span<Entry> entries_;  // at least mails_, of which this process uses mails_
  mutable absl::Mutex mutex_;
  std::vector<std::size_t> free_ ABSL_GUARDED_BY(mutex_);
  std::deque<std::uint64_t> given_up_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::size_t> free_claims_ ABSL_GUARDED_BY(mutex_);
  std::unordered_map<ClaimId, std::size_t> claim_slots_ ABSL_GUARDED_BY(mutex_);
  telemetry::LogEvery full_{absl::Minutes(1)};
};

}  // namespace lmsmail::dispatch
