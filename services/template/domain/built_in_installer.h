#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "libs/clock/clock.h"
#include "services/template/domain/template.h"
#include "services/template/storage/template_store.h"

namespace lmsmail::templates {

enum class InstallOutcome { kInstalled, kUnchanged, kUpgraded, kKeptEdited, kKeptDeleted };

struct InstallResult {
  std::string id;
  InstallOutcome outcome;
};

// Installs the built-in templates and never changes what staff decided. Replicas may install
// concurrently, even replicas of different releases. Thread-safe.
class BuiltInInstaller {
 public:
  BuiltInInstaller(TemplateStore& store, const Clock& clock, std::vector<NewTemplate> built_in)
      : store_(store), clock_(clock), built_in_(std::move(built_in)) {}

  absl::StatusOr<std::vector<InstallResult>> Install(absl::Time deadline);

 private:
  // One attempt. A concurrent change of the template is ABORTED or ALREADY_EXISTS.
  absl::StatusOr<InstallOutcome> InstallOne(const NewTemplate& built_in, absl::Time deadline);
  absl::StatusOr<InstallOutcome> CreateNew(const NewTemplate& built_in, absl::Time deadline);
  absl::StatusOr<InstallOutcome> Upgrade(const NewTemplate& built_in, const Template& state,
                                         absl::Time deadline);

  TemplateStore& store_;
  const Clock& clock_;
  const std::vector<NewTemplate> built_in_;
};

}  // namespace lmsmail::templates
