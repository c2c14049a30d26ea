#include "services/dispatch/claiming/intent_journal.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/mman.h>
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
constexpr std::uint64_t kMagic = 0x4c4d534a30303031;  // "LMSJ0001"
constexpr std::size_t kMaxClaims = 64;

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

// The file: this, then the entries. A word that is written last says whether the rest counts.
struct IntentJournal::File {
  std::uint64_t magic;
  std::uint64_t mails;
  std::int64_t claims[kMaxClaims];  // 0: none
};

struct IntentJournal::Entry {
  std::uint32_t phase;  // written last
  std::int32_t delivery_count;
  std::int64_t claim;
  std::int64_t mail;
  std::int64_t expire_micros;
  std::int32_t attempt;  // before this one
  std::int32_t category;
  char transport[64];  // ends with NUL
  char content_hash[32];

  void SetPhase(Phase to) { std::atomic_ref(phase).store(to, std::memory_order_release); }
};

absl::StatusOr<std::unique_ptr<IntentJournal>> IntentJournal::Open(const std::string& path,
                                                                   std::size_t mails) {
  const std::size_t size = sizeof(File) + mails * sizeof(Entry);
  int fd = -1;
  if (!path.empty()) {
    fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) return Failed("cannot open the journal", path);
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
      const absl::Status status = Failed("another process has the journal", path);
      close(fd);
      return status;
    }
    if (ftruncate(fd, static_cast<off_t>(size)) != 0) {
      const absl::Status status = Failed("cannot size the journal", path);
      close(fd);
      return status;
    }
  }
  void* const memory = mmap(nullptr, size, PROT_READ | PROT_WRITE,
                            fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED, fd, 0);
  if (memory == MAP_FAILED) {
    const absl::Status status = Failed("cannot map the journal", path);
    if (fd >= 0) close(fd);
    return status;
  }
  return std::unique_ptr<IntentJournal>(new IntentJournal(fd, memory, size, mails));
}

IntentJournal::IntentJournal(int fd, void* memory, std::size_t size, std::size_t mails)
    : fd_(fd),
      file_(static_cast<File*>(memory)),
      entries_(reinterpret_cast<Entry*>(file_ + 1)),
      size_(size),
      mails_(mails) {
  if (file_->magic != kMagic || file_->mails != mails_) Clear();
}

IntentJournal::~IntentJournal() {
  munmap(file_, size_);
  if (fd_ >= 0) close(fd_);
}

void IntentJournal::Clear() {
  std::memset(static_cast<void*>(file_), 0, size_);
  file_->mails = mails_;
  file_->magic = kMagic;
  absl::MutexLock lock(&mutex_);
  by_mail_.clear();
  free_.clear();
  for (std::size_t i = mails_; i-- > 0;) free_.push_back(i);
}

absl::Status IntentJournal::Replay(QueueStore& queue, Decide decide) {
  std::map<ClaimId, std::vector<Outcome>> left;
  for (const ClaimId claim : file_->claims) {
    if (claim != 0) left[claim];
  }
  for (const Entry& entry : absl::MakeConstSpan(entries_, mails_)) {
    if (entry.phase != kDotSent && entry.phase != kAccepted) continue;
    ClaimedMail mail;
    mail.mail.id = entry.mail;
    mail.mail.template_ref.category = static_cast<Category>(entry.category);
    mail.mail.expire_time = absl::FromUnixMicros(entry.expire_micros);
    mail.delivery_count = entry.delivery_count;
    mail.attempt = entry.attempt;
    DeliveryResult result;
    result.kind = entry.phase == kAccepted ? DeliveryResult::Kind::kAccepted
                                           : DeliveryResult::Kind::kAmbiguous;
    result.reply_text = "read from the journal of a process that crashed";
    Outcome outcome = decide(mail, result);
    outcome.transport.assign(entry.transport, strnlen(entry.transport, sizeof entry.transport));
    outcome.content_hash.assign(entry.content_hash, sizeof entry.content_hash);
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
    telemetry::LogWarning(
        "the last process crashed; its journal was replayed",
        {{"claim", claim}, {"outcomes", outcomes.size()}, {"released", released}});
  }
  Clear();
  return absl::OkStatus();
}

void IntentJournal::ClaimOpened(ClaimId claim) {
  absl::MutexLock lock(&mutex_);
  auto* const end = std::end(file_->claims);
  if (auto* const slot = std::find(std::begin(file_->claims), end, 0); slot != end) *slot = claim;
}

void IntentJournal::ClaimEnded(ClaimId claim) {
  absl::MutexLock lock(&mutex_);
  auto* const end = std::end(file_->claims);
  if (auto* const slot = std::find(std::begin(file_->claims), end, claim); slot != end) *slot = 0;
}

std::uint64_t IntentJournal::HandedOver(ClaimId claim, const ClaimedMail& mail,
                                        std::string_view transport, std::string_view content_hash) {
  absl::MutexLock lock(&mutex_);
  if (free_.empty()) return 0;
  const std::size_t index = free_.back();
  free_.pop_back();
  by_mail_[mail.mail.id] = index;
  Entry& entry = entries_[index];
  entry.delivery_count = mail.delivery_count;
  entry.claim = claim;
  entry.mail = mail.mail.id;
  entry.expire_micros = absl::ToUnixMicros(mail.mail.expire_time);
  entry.attempt = mail.attempt;
  entry.category = static_cast<std::int32_t>(mail.mail.template_ref.category);
  std::memset(entry.transport, 0, sizeof entry.transport);
  transport.copy(entry.transport, sizeof entry.transport - 1);
  std::memset(entry.content_hash, 0, sizeof entry.content_hash);
  content_hash.copy(entry.content_hash, sizeof entry.content_hash);
  entry.SetPhase(kHandedOver);
  return index + 1;
}

void IntentJournal::DotSent(std::uint64_t token) {
  if (token >= 1 && token <= mails_) entries_[token - 1].SetPhase(Phase::kDotSent);
}

IntentJournal::Entry* IntentJournal::EntryOf(MessageId mail) {
  const auto it = by_mail_.find(mail);
  return it == by_mail_.end() ? nullptr : &entries_[it->second];
}

void IntentJournal::ReplyReceived(MessageId mail, bool accepted) {
  absl::MutexLock lock(&mutex_);
  if (Entry* const entry = EntryOf(mail)) entry->SetPhase(accepted ? kAccepted : kNotSent);
}

void IntentJournal::Recorded(absl::Span<const Outcome> outcomes) {
  absl::MutexLock lock(&mutex_);
  for (const Outcome& outcome : outcomes) {
    const auto it = by_mail_.find(outcome.id);
    if (it == by_mail_.end()) continue;
    entries_[it->second].SetPhase(kFree);
    free_.push_back(it->second);
    by_mail_.erase(it);
  }
}

}  // namespace lmsmail::dispatch
