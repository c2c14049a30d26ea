#include "tests/chaos/faults.h"

#include <algorithm>

namespace lmsmail::chaos {
namespace {

constexpr Fault kFaults[] = {
    {"kill-dispatch", "SIGKILL to one of three replicas every second", KillDispatch},
    {"kill-dispatch-and-journal", "the same, and each loses its journal", KillDispatchAndJournal},
    {"stop-dispatch", "SIGSTOP to a replica for longer than its lease, then SIGCONT", StopDispatch},
    {"kill-postgres", "SIGKILL to the whole database server, then a restart", KillPostgres},
    {"terminate-backends", "pg_terminate_backend for every connection, five times a second",
     TerminateBackends},
    {"cut-postgres", "connections to the database are reset and refused, shorter than a lease",
     CutPostgres},
    {"lose-postgres", "the same for longer than a lease", LosePostgres},
    {"stall-postgres", "nothing passes between dispatch and the database for a while",
     StallPostgres},
    {"slow-postgres", "every packet to and from the database takes 10 ms more", SlowPostgres},
    {"lose-commits", "the answer to every fifth COMMIT is lost with its connection", LoseCommits},
    {"cut-smtp", "connections to the mail server are reset, then refused", CutSmtp},
    {"stall-smtp", "nothing passes between dispatch and the mail server for a while", StallSmtp},
    {"slow-smtp", "50 ms and 50 kB/s on every connection to the mail server", SlowSmtp},
    {"drop-after-dot",
     "the mail server takes mails and closes without an answer, or before the dot", DropAfterDot},
    {"fill-disk", "the database's disk is full, then has room again", FillDisk, true},
    {"preference-away", "the preference service is down", TakePreferenceAway},
    {"template-away", "the template service is down, and no replica has a template in memory",
     TakeTemplateAway},
    {"purge-logs", "days of the log are dropped under load", PurgeLogs},
};

}  // namespace

absl::Span<const Fault> Faults() { return kFaults; }

const Fault* FindFault(std::string_view name) {
  const auto* const found = std::ranges::find(kFaults, name, &Fault::name);
  return found == std::end(kFaults) ? nullptr : found;
}

}  // namespace lmsmail::chaos
