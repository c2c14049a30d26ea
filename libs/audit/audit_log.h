#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace lmsmail::audit {

// One call that changes something.
struct Call {
  std::string caller = {};
  std::string method = {};      // "lmsmail.dispatch.v1.DispatchService/PauseLane"
  std::string resource = {};    // "schedules/weekly-progress"; empty if it names nothing
  std::string request_id = {};  // finds the call in logs

  bool operator==(const Call&) const = default;
};

// Records who calls what, when and with which result. Entries are only ever added. Thread-safe.
class AuditLog {
 public:
  virtual ~AuditLog() = default;

  // Records that the call begins, durably. A call that cannot be recorded must not run.
  virtual absl::StatusOr<std::int64_t> Begin(const Call& call, absl::Time deadline) = 0;
  // Records how it ended. An entry without an end belongs to a call that was cut by a crash, or
  // whose end could not be recorded, which is logged.
  virtual void End(std::int64_t id, absl::StatusCode code) = 0;
};

struct Entry {
  std::int64_t id = 0;  // ascending with begin_time
  absl::Time begin_time;
  Call call;
  struct End {
    absl::Time time;
    absl::StatusCode code;

    bool operator==(const End&) const = default;
  };
  std::optional<End> end = std::nullopt;
};

// What to list. Empty texts mean all.
struct Filter {
  std::string caller = {};
  std::string method = {};
  std::string resource = {};
  absl::Time start = absl::InfinitePast();  // inclusive
  absl::Time end = absl::InfiniteFuture();  // exclusive
};

// Reads what an AuditLog recorded. Thread-safe.
class AuditReader {
 public:
  virtual ~AuditReader() = default;

  // At most `limit` entries with ids below `before`, newest first.
  virtual absl::StatusOr<std::vector<Entry>> List(const Filter& filter,
                                                  std::optional<std::int64_t> before, int limit,
                                                  absl::Time deadline) = 0;
};

}  // namespace lmsmail::audit
