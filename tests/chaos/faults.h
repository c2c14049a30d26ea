#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"

#include "tests/chaos/stage.h"

namespace lmsmail::chaos {

enum class Length { kShort, kLong };

// What is known of a fault once it is over.
struct Applied {
  // The most mails that may have come twice for it; nullopt: any number, each with its cause.
  std::optional<std::int64_t> most_doubled = 0;
  std::string note = {};                 // what was done, in a few words
  std::vector<std::string> faults = {};  // what was observed meanwhile and must not be
};

// One way of disturbing a stage while mail flows. `apply` returns when everything is as it was.
struct Fault {
  std::string_view name;
  std::string_view what;
  absl::StatusOr<Applied> (*apply)(Stage& stage, Length length);
  bool needs_small_disk = false;  // the database's files are to be on a disk that can be filled
};

absl::Span<const Fault> Faults();
// nullptr if there is none.
const Fault* FindFault(std::string_view name);

// process_faults.cc
absl::StatusOr<Applied> KillDispatch(Stage& stage, Length length);
absl::StatusOr<Applied> KillDispatchAndJournal(Stage& stage, Length length);
absl::StatusOr<Applied> StopDispatch(Stage& stage, Length length);

// database_faults.cc
absl::StatusOr<Applied> KillPostgres(Stage& stage, Length length);
absl::StatusOr<Applied> TerminateBackends(Stage& stage, Length length);
absl::StatusOr<Applied> FillDisk(Stage& stage, Length length);
absl::StatusOr<Applied> PurgeLogs(Stage& stage, Length length);

// link_faults.cc
absl::StatusOr<Applied> CutPostgres(Stage& stage, Length length);
absl::StatusOr<Applied> LosePostgres(Stage& stage, Length length);
absl::StatusOr<Applied> StallPostgres(Stage& stage, Length length);
absl::StatusOr<Applied> SlowPostgres(Stage& stage, Length length);
absl::StatusOr<Applied> LoseCommits(Stage& stage, Length length);
absl::StatusOr<Applied> CutSmtp(Stage& stage, Length length);
absl::StatusOr<Applied> StallSmtp(Stage& stage, Length length);
absl::StatusOr<Applied> SlowSmtp(Stage& stage, Length length);
absl::StatusOr<Applied> DropAfterDot(Stage& stage, Length length);

// peer_faults.cc
absl::StatusOr<Applied> TakePreferenceAway(Stage& stage, Length length);
absl::StatusOr<Applied> TakeTemplateAway(Stage& stage, Length length);

}  // namespace lmsmail::chaos
