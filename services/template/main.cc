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
#include "services/template/catalog.h"
#include "services/template/config.h"
#include "services/template/default_installer.h"
#include "services/template/pg_template_store.h"
#include "services/template/preview.h"
#include "services/template/shipped_template.h"
#include "services/template/template_service.h"

namespace lmsmail::templates {
namespace {

constexpr absl::Duration kForgetInterval = absl::Hours(1);
constexpr absl::Duration kForgetTimeout = absl::Seconds(30);

class TemplateWorkload final : public service::Workload {
 public:
  TemplateWorkload(const Config& config, const service::Runtime& runtime,
                   std::vector<ShippedTemplate> shipped)
      : store_(runtime.pool),
        catalog_(store_, runtime.clock),
        preview_(catalog_, static_cast<std::size_t>(config.cached_templates)),
        installer_(store_, runtime.clock, std::move(shipped)),
        service_(runtime.runner, catalog_, preview_, installer_) {}

  std::vector<rpc::HostedService> Services() override {
    return {rpc::Host<v1::TemplateService>(service_)};
  }

  absl::Status Start() override {
    forget_.emplace("forget", kForgetInterval, [this] { Forget(); });
    return absl::OkStatus();
  }

  void Stop(absl::Time /*deadline*/) override { forget_.reset(); }

 private:
  void Forget() {
    const auto forgotten = catalog_.ForgetRecords(absl::Now() + kForgetTimeout);
    if (!forgotten.ok()) {
      telemetry::LogWarning("request ids not forgotten", {{"error", forgotten.status()}});
    }
  }

  PgTemplateStore store_;
  Catalog catalog_;
  Preview preview_;
  DefaultInstaller installer_;
  TemplateServiceImpl service_;
  std::optional<lifecycle::Periodic> forget_;
};

absl::StatusOr<std::unique_ptr<service::Workload>> Build(const Config& config,
                                                         const service::Runtime& runtime) {
  LMSMAIL_ASSIGN_OR_RETURN(auto shipped, ShippedTemplates());
  return std::make_unique<TemplateWorkload>(config, runtime, std::move(shipped));
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
       .declare = [&](config::Schema& schema) { config.Declare(schema); },
       .build =
           [&](const service::Runtime& runtime) { return templates::Build(config, runtime); }});
}
