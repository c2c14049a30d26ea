#pragma once

#include "libs/audit/audit_handlers.h"
#include "libs/rpc/bound_service.h"
#include "libs/rpc/call_runner.h"
#include "lmsmail/templates/v1/template_service.grpc.pb.h"
#include "services/template/api/template_handlers.h"
#include "services/template/api/version_handlers.h"

namespace lmsmail::templates {

class TemplateService final : public rpc::BoundService<v1::TemplateService> {
 public:
  TemplateService(rpc::CallRunner& runner, TemplateHandlers& templates, VersionHandlers& versions,
                  audit::AuditHandlers& audit);
};

}  // namespace lmsmail::templates
