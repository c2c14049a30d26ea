#include "tests/chaos/oracle.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "libs/status/status_macros.h"

namespace lmsmail::chaos {
namespace {

namespace pb = dispatch::v1;
using integration::Call;
using Copies = std::vector<const Received*>;

void EvaluateMail(const Accepted& mail, const Logged& logged, const Copies& copies,
                  Verdict& verdict) {
  if (mail.kind == Accepted::Kind::kOptedOut) {
    if (!copies.empty()) {
      verdict.contradictions.push_back(
          fmt::format("{} was sent to a recipient who has opted out", mail.key));
    }
    if (logged.state == pb::STATE_SKIPPED) {
      ++verdict.skipped;
    } else {
      verdict.lost.push_back(
          fmt::format("{} should have been skipped: {}", mail.key, logged.detail));
    }
    return;
  }
  const bool newsletter = mail.kind == Accepted::Kind::kNewsletter;
  const bool unanswered = std::ranges::any_of(copies, [](auto* copy) { return !copy->answered; });
  if (newsletter && unanswered && logged.state != pb::STATE_UNCERTAIN) {
    verdict.contradictions.push_back(
        fmt::format("nobody knew that {} had arrived, but: {}", logged.name, logged.detail));
  }
  if (newsletter && logged.state == pb::STATE_UNCERTAIN) {
    ++verdict.uncertain;
  } else if (mail.address_refused && copies.empty() && logged.state == pb::STATE_FAILED) {
    ++verdict.refused;
  } else if (copies.empty()) {
    verdict.lost.push_back(
        fmt::format("{} ({}) did not arrive: {}", mail.key, logged.name, logged.detail));
  } else {
    ++verdict.delivered;
    if (logged.state != pb::STATE_SENT) {
      verdict.contradictions.push_back(
          fmt::format("{} arrived, but: {}", logged.name, logged.detail));
    }
  }
}

void AddDuplicate(const Logged& logged, const Copies& copies, Verdict& verdict) {
  if (copies.size() < 2) return;
  Duplicate duplicate{.message = logged.name};
  for (const Received* copy : copies) {
    duplicate.copies.push_back(copy->time);
    if (!copy->answered) duplicate.cause = Cause::kUnanswered;
  }
  verdict.duplicates.push_back(std::move(duplicate));
}

}  // namespace

Verdict Evaluate(absl::Span<const Accepted> accepted, absl::Span<const Logged> log,
                 absl::Span<const Received> received) {
  Verdict verdict;
  verdict.accepted = static_cast<std::int64_t>(accepted.size());
  std::unordered_map<std::string_view, Copies> arrived;
  for (const Received& mail : received) arrived[mail.message_id].push_back(&mail);
  std::unordered_map<std::string_view, const Logged*> logged;
  for (const Logged& mail : log) {
    if (!logged.emplace(mail.key, &mail).second) {
      verdict.contradictions.push_back(fmt::format("{} was accepted twice", mail.key));
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
    EvaluateMail(mail, *found->second, copies, verdict);
    AddDuplicate(*found->second, copies, verdict);
  }
  for (const Received& mail : received) {
    if (!known.contains(mail.message_id)) {
      verdict.contradictions.push_back(
          fmt::format("{} arrived but was never accepted", mail.message_id));
    }
  }
  return verdict;
}

absl::Status ExplainDuplicates(Cluster& cluster, std::vector<Duplicate>& duplicates) {
  constexpr std::size_t kMax = 2000;
  const auto stub = cluster.replica(0);
  for (std::size_t i = 0; i < std::min(duplicates.size(), kMax); ++i) {
    Duplicate& mail = duplicates[i];
    pb::ExplainMessageRequest request;
    request.set_name(mail.message);
    LMSMAIL_ASSIGN_OR_RETURN(const pb::ExplainMessageResponse response,
                             Call(*stub, &Cluster::Dispatch::ExplainMessage, request));
    int sent = 0;
    bool uncertain = false;
    for (const pb::TimelineEntry& entry : response.entries()) {
      if (entry.kind() == pb::TimelineEntry::KIND_SENT) ++sent;
      uncertain = uncertain || entry.reason() == pb::REASON_CONNECTION_LOST_AFTER_DATA;
      mail.history += fmt::format("{}{} ({}{})", mail.history.empty() ? "" : ", then ",
                                  entry.description(), entry.reply_code(),
                                  entry.reply_text().empty() ? "" : " " + entry.reply_text());
    }
    if (mail.cause == Cause::kUnanswered) continue;
    mail.cause = uncertain  ? Cause::kUncertain
                 : sent > 1 ? Cause::kRecordedTwice
                            : Cause::kUnrecorded;
  }
  return absl::OkStatus();
}

}  // namespace lmsmail::chaos
