#include "services/template/api/template_service.h"

namespace lmsmail::templates {

TemplateService::TemplateService(rpc::CallRunner& runner, TemplateHandlers& templates,
                                 VersionHandlers& versions, audit::AuditHandlers& audit)
    : BoundService(runner) {
  Bind("CreateTemplate", templates, &TemplateHandlers::CreateTemplate);
  Bind("GetTemplate", templates, &TemplateHandlers::GetTemplate);
  Bind("ListTemplates", templates, &TemplateHandlers::ListTemplates);
  Bind("UpdateTemplate", templates, &TemplateHandlers::UpdateTemplate);
  Bind("DeleteTemplate", templates, &TemplateHandlers::DeleteTemplate);
  Bind("UndeleteTemplate", templates, &TemplateHandlers::UndeleteTemplate);
  Bind("InstallBuiltInTemplates", templates, &TemplateHandlers::InstallBuiltInTemplates);
  Bind("ListTemplateVersions", versions, &VersionHandlers::ListTemplateVersions);
  Bind("GetTemplateVersion", versions, &VersionHandlers::GetTemplateVersion);
  Bind("PublishTemplate", versions, &VersionHandlers::PublishTemplate);
  Bind("RollbackTemplate", versions, &VersionHandlers::RollbackTemplate);
  Bind("RenderTemplate", versions, &VersionHandlers::RenderTemplate);
  Bind("ListTemplateVariables", versions, &VersionHandlers::ListTemplateVariables);
  Bind("ListAuditEvents", audit, &audit::AuditHandlers::ListAuditEvents);
}

}  // namespace lmsmail::templates
