#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "libs/clock/clock.h"
#include "services/template/shipped_template.h"
#include "services/template/template_store.h"

namespace lmsmail::templates {

enum class InstallOutcome { kInstalled, kUnchanged, kUpgraded, kKeptEdited, kKeptDeleted };

struct InstallResult {
  std::string id;
  InstallOutcome outcome;
};

// Puts the shipped templates into the store, without ever touching what staff decided. Any number
// of replicas, of different releases too, may install at the same time. Thread-safe.
class DefaultInstaller {
 public:
  DefaultInstaller(TemplateStore& store, const Clock& clock, std::vector<ShippedTemplate> shipped)
      : store_(store), clock_(clock), shipped_(std::move(shipped)) {}

  absl::StatusOr<std::vector<InstallResult>> Install(absl::Time deadline);

 private:
  // One attempt; ABORTED or ALREADY_EXISTS when somebody else changed the template meanwhile.
  absl::StatusOr<InstallOutcome> InstallOne(const ShippedTemplate& shipped, absl::Time deadline);
  absl::StatusOr<InstallOutcome> CreateNew(const ShippedTemplate& shipped, absl::Time deadline);
  absl::StatusOr<InstallOutcome> Upgrade(const ShippedTemplate& shipped, const Template& state,
                                         absl::Time deadline);

  TemplateStore& store_;
  const Clock& clock_;
  const std::vector<ShippedTemplate> shipped_;
};

}  // namespace lmsmail::templates
