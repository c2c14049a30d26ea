#pragma once

#include <set>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "libs/clock/clock.h"
#include "libs/school/cached_school.h"
#include "libs/school/school.h"
#include "libs/status/error_details.h"
#include "services/preference/storage/school_store.h"

namespace lmsmail::preference {

std::string EtagOf(const school::School& school);

// The school's settings, as staff read and change them. Thread-safe.
class SchoolRegistry {
 public:
  // `store` and `clock` must outlive it.
  SchoolRegistry(SchoolStore& store, const Clock& clock)
      : store_(store), clock_(clock), stored_(store), cached_(stored_, clock) {}

  // Stores `first` unless the school is stored. A difference is logged, because the configuration
  // has no effect then. `first` is valid.
  absl::Status Initialize(school::School first, absl::Time deadline);

  absl::StatusOr<school::School> Get(absl::Time deadline) { return store_.Get(deadline); }
  // Copies `fields`, named as in the proto, from `edit`. `violations` are those found so far.
  absl::StatusOr<school::School> Update(const school::School& edit,
                                        const std::set<std::string, std::less<>>& fields,
                                        std::string_view etag, const Violations& violations,
                                        absl::Time deadline);

  // For those who need it with each mail: a minute old at most, but what this replica changed
  // counts at once.
  school::SchoolSource& cached() { return cached_; }

 private:
  class Stored final : public school::SchoolSource {
   public:
    explicit Stored(SchoolStore& store) : store_(store) {}
    absl::StatusOr<school::School> Get() override;

   private:
    SchoolStore& store_;
  };

  SchoolStore& store_;
  const Clock& clock_;
  Stored stored_;
  school::CachedSchool cached_;
};

}  // namespace lmsmail::preference
