#include "tests/chaos/oracle.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "libs/rpc/client_call.h"
#include "libs/status/status_macros.h"

namespace lmsmail::chaos {
namespace {

namespace out = dispatch::v1;
using integration::Soon;
using Copies = std::vector<const Taken*>;

void JudgeOne(const Accepted& mail, const Logged& logged, const Copies& copies, Verdict& verdict) {
  if (mail.kind == Accepted::Kind::kUnwanted) {
    if (!copies.empty()) {
      verdict.faults.push_back(fmt::format("{} was sent to one who has opted out", mail.key));
    }
    if (logged.state == out::STATE_SKIPPED) {
      ++verdict.skipped;
    } else {
      verdict.lost.push_back(
          fmt::format("{} should have been skipped: {}", mail.key, logged.detail));
    }
    return;
  }
  const bool unsure = logged.state == out::STATE_UNCERTAIN;
  if (unsure && mail.kind == Accepted::Kind::kNewsletter) {
    ++verdict.uncertain;
  } else if (copies.empty()) {
    verdict.lost.push_back(
        fmt::format("{} ({}) did not arrive: {}", mail.key, logged.name, logged.detail));
  } else {
    ++verdict.delivered;
    if (logged.state != out::STATE_SENT) {
      verdict.faults.push_back(fmt::format("{} arrived, but: {}", logged.name, logged.detail));
    }
  }
}

void NoteDoubled(const Logged& logged, const Copies& copies, Verdict& verdict) {
  if (copies.size() < 2) return;
  Doubled doubled{.message = logged.name};
  for (const Taken* copy : copies) {
    doubled.copies.push_back(copy->at);
    if (!copy->answered) doubled.cause = Cause::kUnanswered;
  }
  verdict.doubled.push_back(std::move(doubled));
}

}  // namespace

Verdict Judge(absl::Span<const Accepted> accepted, absl::Span<const Logged> log,
              absl::Span<const Taken> taken) {
  Verdict verdict;
  verdict.accepted = static_cast<std::int64_t>(accepted.size());
  std::unordered_map<std::string_view, Copies> arrived;
  for (const Taken& mail : taken) arrived[mail.message_id].push_back(&mail);
  std::unordered_map<std::string_view, const Logged*> logged;
  for (const Logged& mail : log) {
    if (!logged.emplace(mail.key, &mail).second) {
      verdict.faults.push_back(fmt::format("{} was accepted twice", mail.key));
    }
  }
  std::unordered_set<std::string_view> known;
  for (const Accepted& mail : accepted) {
    const auto found = logged.find(mail.key);
    if (found == logged.end()) {
      verdict.lost.push_back(fmt::format("{} is not in the log", mail.key));
      continue;
    }
    known.insert(found->second->message_id);
    const Copies& copies = arrived[found->second->message_id];
    JudgeOne(mail, *found->second, copies, verdict);
    NoteDoubled(*found->second, copies, verdict);
  }
  for (const Taken& mail : taken) {
    if (!known.contains(mail.message_id)) {
      verdict.faults.push_back(fmt::format("{} arrived and was never accepted", mail.message_id));
    }
  }
  return verdict;
}

absl::Status Attribute(Stage& stage, std::vector<Doubled>& doubled) {
  constexpr std::size_t kMost = 2000;
  const auto stub = stage.replica(0);
  for (std::size_t i = 0; i < std::min(doubled.size(), kMost); ++i) {
    Doubled& mail = doubled[i];
    out::ExplainMessageRequest request;
    request.set_name(mail.message);
    LMSMAIL_ASSIGN_OR_RETURN(const out::ExplainMessageResponse answer,
                             rpc::Call(*stub, &Stage::Dispatch::ExplainMessage, request, Soon()));
    int sent = 0;
    bool doubtful = false;
    for (const out::TimelineEntry& entry : answer.entries()) {
      if (entry.kind() == out::TimelineEntry::KIND_SENT) ++sent;
      doubtful = doubtful || entry.reason() == out::REASON_CONNECTION_LOST_AFTER_DATA;
      mail.story += fmt::format("{}{} ({}{})", mail.story.empty() ? "" : ", then ",
                                entry.description(), entry.reply_code(),
                                entry.reply_text().empty() ? "" : " " + entry.reply_text());
    }
    if (mail.cause == Cause::kUnanswered) continue;
    mail.cause = doubtful ? Cause::kInDoubt : sent > 1 ? Cause::kReportedTwice : Cause::kUnrecorded;
  }
  return absl::OkStatus();
}

}  // namespace lmsmail::chaos
