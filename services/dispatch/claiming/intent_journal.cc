#include "services/dispatch/claiming/intent_journal.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <map>
#include <utility>

#include "libs/status/status_macros.h"
#include "libs/status/transient.h"
#include "libs/telemetry/logging.h"

namespace lmsmail::dispatch {
namespace {

// Changes with the layout. A journal of another version is discarded; leases recover its mail.
constexpr std::uint64_t kMagic = 0x4c4d534a30303032;  // "LMSJ0002"

constexpr std::size_t kMaxClaims = 8192;

enum Phase : std::uint32_t {
  kFree = 0,
  kHandedOver = 1,
  kDotSent = 2,
  kAccepted = 3,
  kNotSent = 4,
};

absl::Status Failed(std::string_view what, const std::string& path) {
  return absl::FailedPreconditionError(fmt::format("{} {}: {}", what, path, std::strerror(errno)));
}

}  // namespace

// The file: this, then the entries.
struct IntentJournal::File {
  std::uint64_t magic;
  char database[64];                // ends with NUL; empty: not replayed yet
  std::int64_t claims[kMaxClaims];  // 0: none
};

struct IntentJournal::Entry {
  // The generation, which counts the uses of the entry, in the upper half; the phase in the lower.
  // Written last, so that it says whether the rest counts. One word, so that the holder of an old
  // token cannot change an entry that has another mail by now.
  std::uint64_t state;
  std::int64_t claim;
  std::int64_t mail;
  std::int64_t expire_micros;
  std::int32_t delivery_count;
  std::int32_t attempt;  // before this one
  std::int32_t category;
  std::int32_t unused;
  char transport[64];  // ends with NUL
  char content_hash[32];
  char address_hash[16];

  static std::uint64_t StateOf(std::uint64_t generation, Phase phase) {
    return generation << 32 | phase;
  }
  Phase phase() const { return static_cast<Phase>(state & 0xffffffff); }
  std::uint64_t generation() const { return state >> 32; }
  void Begin() {
    std::atomic_ref(state).store(StateOf((generation() + 1) & 0xffffffff, kHandedOver),
                                 std::memory_order_release);
  }
  // Returns false when the entry was freed, or used again, since `generation`.
  bool Advance(std::uint64_t generation, Phase to) {
    const std::atomic_ref word(state);
    std::uint64_t seen = word.load();
    do {
      if (seen >> 32 != generation || seen == StateOf(generation, kFree)) return false;
    } while (!word.compare_exchange_weak(seen, StateOf(generation, to)));
    return true;
  }
};

std::size_t IntentJournal::SizeOf(std::size_t entries) {
  return sizeof(File) + entries * sizeof(Entry);
}

absl::StatusOr<std::unique_ptr<IntentJournal>> IntentJournal::Open(const std::string& path,
                                                                   std::size_t mails) {
  std::size_t entries = mails;
  int fd = -1;
  if (!path.empty()) {
    fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) return Failed("cannot open the journal", path);
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
      const absl::Status status =
          errno == EWOULDBLOCK
              ? absl::AlreadyExistsError(fmt::format("another process has the journal {}", path))
              : Failed("cannot lock the journal", path);
      close(fd);
      return status;
    }
    // The last process may have had room for more mails; all its entries are read.
    struct stat found = {};
    if (fstat(fd, &found) == 0 && found.st_size > static_cast<off_t>(sizeof(File))) {
      const auto bytes = static_cast<std::size_t>(found.st_size) - sizeof(File);
      entries = std::max(entries, bytes / sizeof(Entry));
    }
    // Not ftruncate: a write into the hole of a file on a full disk ends the process by SIGBUS.
    errno = posix_fallocate(fd, 0, static_cast<off_t>(SizeOf(entries)));
    if (errno != 0) {
      const absl::Status status = Failed("cannot size the journal", path);
      close(fd);
      return status;
    }
  }
  void* const memory = mmap(nullptr, SizeOf(entries), PROT_READ | PROT_WRITE,
                            fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED, fd, 0);
  if (memory == MAP_FAILED) {
    const absl::Status status = Failed("cannot map the journal", path);
    if (fd >= 0) close(fd);
    return status;
  }
  return std::unique_ptr<IntentJournal>(new IntentJournal(fd, memory, mails, entries));
}

IntentJournal::IntentJournal(int fd, void* memory, std::size_t mails, std::size_t entries)
    : fd_(fd),
      file_(static_cast<File*>(memory)),
      mails_(mails),
      entries_(reinterpret_cast<Entry*>(file_ + 1), entries) {
  if (file_->magic != kMagic) Clear();
}

IntentJournal::~IntentJournal() {
  munmap(file_, SizeOf(entries_.size()));
  if (fd_ >= 0) close(fd_);
}

void IntentJournal::Clear() {
  std::memset(static_cast<void*>(file_), 0, SizeOf(entries_.size()));
  file_->magic = kMagic;
  absl::MutexLock lock(&mutex_);
  claim_slots_.clear();
  free_claims_.clear();
  for (std::size_t i = kMaxClaims; i-- > 0;) free_claims_.push_back(i);
  given_up_.clear();
  free_.clear();
  for (std::size_t i = mails_; i-- > 0;) free_.push_back(i);
}

absl::Status IntentJournal::Replay(QueueStore& queue, Decide decide) {
  LMSMAIL_ASSIGN_OR_RETURN(const std::string database, queue.DatabaseId());
  const std::string_view written_for(file_->database,
                                     strnlen(file_->database, sizeof file_->database));
  if (!written_for.empty() && written_for != database) {
    telemetry::LogWarning("the journal of another database is discarded",
                          {{"journal", written_for}, {"database", database}});
    Clear();
  }
  std::map<ClaimId, std::vector<Outcome>> left;
  for (const ClaimId claim : file_->claims) {
    if (claim != 0) left[claim];
  }
  for (const Entry& entry : entries_) {
    if (entry.phase() != kDotSent && entry.phase() != kAccepted) continue;
    ClaimedMail mail;
    mail.mail.id = entry.mail;
    mail.mail.template_ref.category = static_cast<Category>(entry.category);
    mail.mail.expire_time = absl::FromUnixMicros(entry.expire_micros);
    mail.delivery_count = entry.delivery_count;
    mail.attempt = entry.attempt;
    DeliveryResult result;
    result.kind = entry.phase() == kAccepted ? DeliveryResult::Kind::kAccepted
                                             : DeliveryResult::Kind::kAmbiguous;
    result.reply_text = "read from the journal of a process that crashed";
    Outcome outcome = decide(mail, result);
    outcome.transport.assign(entry.transport, strnlen(entry.transport, sizeof entry.transport));
    outcome.content_hash.assign(entry.content_hash, sizeof entry.content_hash);
    outcome.address_hash.assign(entry.address_hash, sizeof entry.address_hash);
    left[entry.claim].push_back(std::move(outcome));
  }
  for (const auto& [claim, outcomes] : left) {
    const absl::Status flushed =
        outcomes.empty() ? absl::OkStatus() : queue.Flush(claim, outcomes, false).status();
    if (!flushed.ok() && IsTransient(flushed)) return flushed;
    if (!flushed.ok()) {
      // Not released: mail that was sent would be sent again.
      telemetry::LogError(
          "a claim of the journal is left to its lease: the database refuses its outcomes",
          {{"claim", claim}, {"outcomes", outcomes.size()}, {"error", flushed}});
      continue;
    }
    LMSMAIL_ASSIGN_OR_RETURN(const int released, queue.Release(claim));
    if (outcomes.empty() && released == 0) continue;  // the claim was prepared and never made
    telemetry::LogWarning(
        "the last process crashed; its journal was replayed",
        {{"claim", claim}, {"outcomes", outcomes.size()}, {"released", released}});
  }
  Clear();
  database.copy(file_->database, sizeof file_->database - 1);
  return absl::OkStatus();
}

void IntentJournal::ClaimOpened(ClaimId claim) {
  {
    absl::MutexLock lock(&mutex_);
    if (claim_slots_.contains(claim)) return;
    if (!free_claims_.empty()) {
      const std::size_t slot = free_claims_.back();
      free_claims_.pop_back();
      claim_slots_[claim] = slot;
      file_->claims[slot] = claim;
      return;
    }
  }
  full_.Log(telemetry::Level::kWarning,
            "the journal is full: after a crash, a claim waits until its lease expires",
            {{"claims", kMaxClaims}});
}

void IntentJournal::ClaimEnded(ClaimId claim) {
  absl::MutexLock lock(&mutex_);
  const auto it = claim_slots_.find(claim);
  if (it == claim_slots_.end()) return;
  file_->claims[it->second] = 0;
  free_claims_.push_back(it->second);
  claim_slots_.erase(it);
}

IntentJournal::Entry* IntentJournal::TakeEntry() {
  while (free_.empty() && !given_up_.empty()) {
    Free(given_up_.front());
    given_up_.pop_front();
  }
  if (free_.empty()) return nullptr;
  Entry* const entry = &entries_[free_.back()];
  free_.pop_back();
  return entry;
}

std::uint64_t IntentJournal::HandedOver(ClaimId claim, const ClaimedMail& mail,
                                        std::string_view transport, std::string_view content_hash,
                                        std::string_view address_hash) {
  if (mails_ == 0) return 0;
  Entry* entry = nullptr;
  {
    absl::MutexLock lock(&mutex_);
    entry = TakeEntry();
  }
  if (entry == nullptr) {
    full_.Log(telemetry::Level::kWarning,
              "the journal is full: after a crash, mail may be sent twice", {{"mails", mails_}});
    return 0;
  }
  entry->claim = claim;
  entry->mail = mail.mail.id;
  entry->expire_micros = absl::ToUnixMicros(mail.mail.expire_time);
  entry->delivery_count = mail.delivery_count;
  entry->attempt = mail.attempt;
  entry->category = static_cast<std::int32_t>(mail.mail.template_ref.category);
  std::memset(entry->transport, 0, sizeof entry->transport);
  transport.copy(entry->transport, sizeof entry->transport - 1);
  std::memset(entry->content_hash, 0, sizeof entry->content_hash);
  content_hash.copy(entry->content_hash, sizeof entry->content_hash);
  std::memset(entry->address_hash, 0, sizeof entry->address_hash);
  address_hash.copy(entry->address_hash, sizeof entry->address_hash);
  entry->Begin();
  return entry->generation() << 32 | static_cast<std::uint64_t>(entry - entries_.data() + 1);
}

IntentJournal::Entry* IntentJournal::EntryOf(std::uint64_t token) const {
  const std::uint64_t number = token & 0xffffffff;
  return number >= 1 && number <= mails_ ? &entries_[number - 1] : nullptr;
}

void IntentJournal::DotSent(std::uint64_t token) {
  if (Entry* const entry = EntryOf(token)) entry->Advance(token >> 32, kDotSent);
}

void IntentJournal::ReplyReceived(std::uint64_t token, bool accepted) {
  if (Entry* const entry = EntryOf(token)) {
    entry->Advance(token >> 32, accepted ? kAccepted : kNotSent);
  }
}

void IntentJournal::Free(std::uint64_t token) {
  Entry* const entry = EntryOf(token);
  if (entry == nullptr || !entry->Advance(token >> 32, kFree)) return;
  free_.push_back(static_cast<std::size_t>(entry - entries_.data()));
}

void IntentJournal::HandedBack(std::uint64_t token) {
  absl::MutexLock lock(&mutex_);
  Free(token);
}

void IntentJournal::Recorded(absl::Span<const Outcome> outcomes) {
  absl::MutexLock lock(&mutex_);
  for (const Outcome& outcome : outcomes) Free(outcome.journal_token);
}

void IntentJournal::GivenUp(const Outcome& outcome) {
  if (outcome.journal_token == 0) return;
  absl::MutexLock lock(&mutex_);
  given_up_.push_back(outcome.journal_token);
}

int IntentJournal::in_use() const {
  absl::MutexLock lock(&mutex_);
  return static_cast<int>(mails_ - free_.size());
}

}  // namespace lmsmail::dispatch
