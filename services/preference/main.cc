#include "libs/service/main.h"

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "embedded/lmsmail_preference_migrations.h"

#include "libs/lifecycle/periodic.h"
#include "libs/personal_data/export_handlers.h"
#include "libs/personal_data/pg_personal_data.h"
#include "libs/school/school.h"
#include "libs/status/status_macros.h"
#include "libs/token/key_ring.h"
#include "services/preference/api/consent_handlers.h"
#include "services/preference/api/erasure_handlers.h"
#include "services/preference/api/link_handlers.h"
#include "services/preference/api/preference_service.h"
#include "services/preference/api/recipient_handlers.h"
#include "services/preference/api/school_handlers.h"
#include "services/preference/api/suppression_handlers.h"
#include "services/preference/config.h"
#include "services/preference/domain/consent_registry.h"
#include "services/preference/domain/erasure_watch.h"
#include "services/preference/domain/linked_consent.h"
#include "services/preference/domain/links.h"
#include "services/preference/domain/recipient_check.h"
#include "services/preference/domain/recipient_registry.h"
#include "services/preference/domain/school_registry.h"
#include "services/preference/domain/suppression_list.h"
#include "services/preference/storage/pg_preference_store.h"
#include "services/preference/storage/pg_school_store.h"

namespace lmsmail::preference {
namespace {

constexpr absl::Duration kStartTimeout = absl::Seconds(10);
constexpr absl::Duration kMeasureInterval = absl::Minutes(1);

// The first values of the stored school.
school::School ToSchool(const service::SchoolConfig& config) {
  return {.display_name = config.name,
          .url = config.url,
          .postal_address = config.postal_address,
          .language_code = config.language_code,
          .time_zone = config.time_zone};
}

class PreferenceWorkload final : public service::Workload {
 public:
  PreferenceWorkload(const PreferenceConfig& config, token::KeyRing keys,
                     const service::Runtime& runtime)
      : keys_(std::move(keys)),
        links_(keys_, runtime.config.school.public_url),
        first_school_(ToSchool(runtime.config.school)),
        store_(runtime.pool),
        school_store_(runtime.pool),
        school_(school_store_, runtime.clock),
        recipients_(store_, keys_, config.ToSchool(runtime.config.school).defaults, runtime.clock),
        consent_(store_, keys_, config.ToSchool(runtime.config.school).defaults, runtime.clock),
        linked_consent_(links_, consent_, store_, school_.cached()),
        suppressions_(store_, keys_, runtime.clock),
        check_(store_, keys_, links_, config.ToSchool(runtime.config.school), runtime.clock,
               &school_.cached()),
        recipient_handlers_(recipients_, check_),
        consent_handlers_(consent_),
        link_handlers_(linked_consent_),
        suppression_handlers_(suppressions_),
        school_handlers_(school_),
        erasure_handlers_(store_, runtime.clock),
        personal_data_(runtime.pool),
        export_handlers_(personal_data_),
        erasure_watch_(store_, runtime.clock, runtime.metrics),
        service_(runtime.runner, recipient_handlers_, consent_handlers_, link_handlers_,
                 suppression_handlers_, school_handlers_, erasure_handlers_, export_handlers_,
                 runtime.audit_handlers) {}

  std::vector<rpc::HostedService> Services() override {
    return {rpc::Host<v1::PreferenceService>(service_)};
  }

  absl::Status Start() override {
    measuring_.emplace("erasures", kMeasureInterval, [this] { erasure_watch_.MeasureOnce(); });
    return school_.Initialize(first_school_, absl::Now() + kStartTimeout);
  }

  void Stop(absl::Time) override { measuring_.reset(); }

 private:
  const token::KeyRing keys_;
  const Links links_;
  const school::School first_school_;
  PgPreferenceStore store_;
  PgSchoolStore school_store_;
  SchoolRegistry school_;
  RecipientRegistry recipients_;
  ConsentRegistry consent_;
  LinkedConsent linked_consent_;
  SuppressionList suppressions_;
  RecipientCheck check_;
  RecipientHandlers recipient_handlers_;
  ConsentHandlers consent_handlers_;
  LinkHandlers link_handlers_;
  SuppressionHandlers suppression_handlers_;
  SchoolHandlers school_handlers_;
  ErasureHandlers erasure_handlers_;
  personal_data::PgPersonalData personal_data_;
  personal_data::ExportHandlers export_handlers_;
  ErasureWatch erasure_watch_;
  PreferenceService service_;
  std::optional<lifecycle::Periodic> measuring_;
};

}  // namespace
}  // namespace lmsmail::preference

int main(int argc, char** argv) {
  namespace service = lmsmail::service;
  namespace preference = lmsmail::preference;
  preference::PreferenceConfig config;
  return service::Main(
      argc, argv,
      {.name = "preference",
       .port = 7102,
       .metrics_port = 9102,
       .schema = kPreferenceSchema,
       .declare = [&](lmsmail::config::Schema& schema, const auto&) { config.Declare(schema); },
       .adjust_pool = preference::PgPreferenceStore::Configure,
       .build = [&](const service::Runtime& runtime)
           -> absl::StatusOr<std::unique_ptr<service::Workload>> {
         LMSMAIL_ASSIGN_OR_RETURN(lmsmail::token::KeyRing keys,
                                  lmsmail::token::KeyRing::Parse(config.keys));
         return std::make_unique<preference::PreferenceWorkload>(config, std::move(keys), runtime);
       }});
}
