#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "libs/config/schema.h"
#include "libs/service/school_config.h"
#include "services/preference/recipient_check.h"

namespace lmsmail::preference {

// The service's own keys; those that every service has are service::BaseConfig's.
struct PreferenceConfig {
  struct QuietHoursKeys {
    std::string start = "21:00";
    std::string end = "08:00";
  } quiet_hours;
  struct DefaultKeys {
    std::vector<std::string> subscribed = {"demo", "progress", "content", "announcement"};
    std::string wording = "default";
  } defaults;
  std::string public_url = "http://127.0.0.1:8080";
  std::string keys;  // what the file at keys_file holds

  // Must outlive schema.Load().
  void Declare(config::Schema& schema);

  // Of a configuration that was loaded without a fault.
  School ToSchool(const service::SchoolConfig& school) const;

 private:
  void Check(Violations& violations) const;
};

}  // namespace lmsmail::preference
