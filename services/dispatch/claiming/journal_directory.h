#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "services/dispatch/claiming/intent_journal.h"

namespace lmsmail::dispatch {

// The journals of a state directory, which all replicas on a host may share: each locks one file
// for as long as it runs.
struct Journals {
  std::unique_ptr<IntentJournal> own;
  // Of other replicas that ended. Whoever starts next replays these too.
  std::vector<std::unique_ptr<IntentJournal>> abandoned = {};
};

// Takes every journal of `directory` that no process has, and creates one if there is none. Creates
// the directory. An empty `directory` keeps the journal in memory only. FAILED_PRECONDITION, with
// the remedy, when the directory cannot be written.
absl::StatusOr<Journals> OpenJournals(const std::string& directory, std::size_t mails);

// Whether a file can be created and filled in `directory`, as the next process must. A running one
// has its journal's space already, but what is left to it would have no room. OK for an empty name.
absl::Status CheckStateDirectory(const std::string& directory);

}  // namespace lmsmail::dispatch
