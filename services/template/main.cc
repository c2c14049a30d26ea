#include "libs/service/main.h"

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "embedded/lmsmail_template_migrations.h"

#include "libs/lifecycle/periodic.h"
#include "libs/status/status_macros.h"
#include "libs/telemetry/logging.h"
#include "services/template/api/template_handlers.h"
#include "services/template/api/template_service.h"
#include "services/template/api/version_handlers.h"
#include "services/template/config.h"
#include "services/template/domain/built_in_installer.h"
#include "services/template/domain/built_in_template.h"
#include "services/template/domain/catalog.h"
#include "services/template/domain/preview.h"
#include "services/template/storage/pg_template_store.h"

namespace lmsmail::templates {
namespace {

constexpr absl::Duration kCleanUpInterval = absl::Hours(1);
constexpr absl::Duration kCleanUpTimeout = absl::Seconds(30);

class TemplateWorkload final : public service::Workload {
 public:
  TemplateWorkload(const Config& config, const service::Runtime& runtime,
                   std::vector<NewTemplate> built_in)
      : store_(runtime.pool),
        catalog_(store_, runtime.clock),
        preview_(catalog_, static_cast<std::size_t>(config.cached_templates)),
        installer_(store_, runtime.clock, std::move(built_in)),
        template_handlers_(catalog_, installer_),
        version_handlers_(catalog_, preview_),
        service_(runtime.runner, template_handlers_, version_handlers_, runtime.audit_handlers) {}

  std::vector<rpc::HostedService> Services() override {
    return {rpc::Host<v1::TemplateService>(service_)};
  }

  absl::Status Start() override {
    clean_up_.emplace("clean_up", kCleanUpInterval, [this] { CleanUp(); });
    return absl::OkStatus();
  }

  void Stop(absl::Time /*deadline*/) override { clean_up_.reset(); }

 private:
  void CleanUp() {
    const auto deleted = catalog_.DeleteExpiredRequestIds(absl::Now() + kCleanUpTimeout);
    if (!deleted.ok()) {
      telemetry::LogWarning("expired request ids not deleted", {{"error", deleted.status()}});
    }
  }

  PgTemplateStore store_;
  Catalog catalog_;
  Preview preview_;
  BuiltInInstaller installer_;
  TemplateHandlers template_handlers_;
  VersionHandlers version_handlers_;
  TemplateService service_;
  std::optional<lifecycle::Periodic> clean_up_;
};

absl::StatusOr<std::unique_ptr<service::Workload>> Build(const Config& config,
                                                         const service::Runtime& runtime) {
  LMSMAIL_ASSIGN_OR_RETURN(auto built_in, BuiltInTemplates());
  return std::make_unique<TemplateWorkload>(config, runtime, std::move(built_in));
}

}  // namespace
}  // namespace lmsmail::templates

int main(int argc, char** argv) {
  using namespace lmsmail;
  templates::Config config;
  return service::Main(
      argc, argv,
      {.name = "template",
       .port = 7101,
       .metrics_port = 9101,
       .schema = kTemplateSchema,
       .declare = [&](config::Schema& schema, const auto&) { config.Declare(schema); },
       .build =
           [&](const service::Runtime& runtime) { return templates::Build(config, runtime); }});
}
