#include "libs/service/school_config.h"

#include "libs/language/language_code.h"
#include "libs/time_zone/time_zone.h"

namespace lmsmail::service {

void SchoolConfig::Declare(config::Group keys) {
  keys.String("name", &name, "The school's name, {{site_name}} in templates.");
  keys.String("url", &url, "The school's website, {{site_url}} in templates.");
  keys.String("postal_address", &postal_address,
              "{{postal_address}} in templates; many countries require it in mail.");
  keys.String("language_code", &language_code,
              "Language (BCP 47) of recipients who have none of their own.");
  keys.String("time_zone", &time_zone,
              "IANA time zone of the school's weeks and schedules, and of recipients who have none "
              "of their own.");
}

void SchoolConfig::Check(Violations& violations) const {
  if (!url.starts_with("https://") && !url.starts_with("http://")) {
    violations.Add("school.url", "must begin with https:// or http://");
  }
  if (!language::IsLanguageCode(language_code)) {
    violations.Add("school.language_code", "must be a BCP 47 language such as en or pt-BR");
  }
  if (!lmsmail::time_zone::IsValid(time_zone)) {
    violations.Add("school.time_zone", "must be a zone of the IANA database such as Europe/Berlin");
  }
}

}  // namespace lmsmail::service
