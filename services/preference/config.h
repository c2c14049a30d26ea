#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "libs/config/schema.h"
#include "libs/service/school_config.h"
#include "services/preference/domain/recipient_check.h"

namespace lmsmail::preference {

// The keys of this service. service::BaseConfig has those of every service.
struct PreferenceConfig {
  struct QuietHoursKeys {
    std::string start = "21:00";
    std::string end = "08:00";
  } quiet_hours;
  struct DefaultKeys {
    std::vector<std::string> subscribed = {"demo", "progress", "content", "announcement"};
    std::string consent_text = "default";
    bool tracking_allowed = true;
  } defaults;
  std::string keys;  // content of the file at keys_file

  // The configuration must outlive schema.Load().
  void Declare(config::Schema& schema);

  // Call only after the configuration was loaded successfully.
  School ToSchool(const service::SchoolConfig& school) const;

 private:
  void Check(Violations& violations) const;
};

}  // namespace lmsmail::preference
