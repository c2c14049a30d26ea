#include <fmt/format.h>

#include "absl/time/clock.h"

#include "libs/status/status_macros.h"
#include "tests/chaos/faults.h"

namespace lmsmail::chaos {
namespace {

// Mail that was checked before goes on for a moment, then nothing may leave: waits for that moment
// to end, and then for `length`. What left nevertheless.
absl::StatusOr<std::vector<std::string>> ExpectSilence(Sink& sink, absl::Duration length) {
  constexpr absl::Duration kQuiet = absl::Seconds(1);
  constexpr int kMostWaits = 20;
  LMSMAIL_ASSIGN_OR_RETURN(std::int64_t before, sink.Count());
  for (int i = 0; i < kMostWaits; ++i) {
    absl::SleepFor(kQuiet);
    LMSMAIL_ASSIGN_OR_RETURN(const std::int64_t now, sink.Count());
    if (now == before) break;
    before = now;
  }
  absl::SleepFor(length);
  LMSMAIL_ASSIGN_OR_RETURN(const std::int64_t after, sink.Count());
  if (after == before) return std::vector<std::string>();
  return std::vector<std::string>{fmt::format("{} mails were sent meanwhile", after - before)};
}

absl::Duration Away(Length length) {
  return length == Length::kLong ? absl::Seconds(60) : absl::Seconds(4);
}

}  // namespace

absl::StatusOr<Applied> TakePreferenceAway(Stage& stage, Length length) {
  Applied applied{.note = fmt::format("away for {}", absl::FormatDuration(Away(length)))};
  stage.Note("preference killed");
  LMSMAIL_RETURN_IF_ERROR(stage.suite().Kill("preference"));
  LMSMAIL_ASSIGN_OR_RETURN(applied.faults, ExpectSilence(stage.sink(), Away(length)));
  LMSMAIL_RETURN_IF_ERROR(stage.suite().Restart("preference"));
  return applied;
}

absl::StatusOr<Applied> TakeTemplateAway(Stage& stage, Length length) {
  // The replicas' kills leave mails in doubt, as in KillDispatch().
  Applied applied{.most_doubled = Stage::kReplicas * kConnectionsPerReplica,
                  .note = fmt::format("away for {}", absl::FormatDuration(Away(length)))};
  stage.Note("template killed");
  LMSMAIL_RETURN_IF_ERROR(stage.suite().Kill("template"));
  for (int i = 0; i < Stage::kReplicas; ++i) {
    LMSMAIL_RETURN_IF_ERROR(stage.KillReplica(i));
    LMSMAIL_RETURN_IF_ERROR(stage.StartReplica(i));
  }
  LMSMAIL_RETURN_IF_ERROR(stage.WaitUntilReplicasServe());
  LMSMAIL_ASSIGN_OR_RETURN(applied.faults, ExpectSilence(stage.sink(), Away(length)));
  LMSMAIL_RETURN_IF_ERROR(stage.suite().Restart("template"));
  return applied;
}

}  // namespace lmsmail::chaos
