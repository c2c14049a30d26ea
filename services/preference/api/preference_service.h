#pragma once

#include "libs/audit/audit_handlers.h"
#include "libs/personal_data/export_handlers.h"
#include "libs/rpc/bound_service.h"
#include "libs/rpc/call_runner.h"
#include "lmsmail/preference/v1/preference_service.grpc.pb.h"
#include "services/preference/api/consent_handlers.h"
#include "services/preference/api/erasure_handlers.h"
#include "services/preference/api/link_handlers.h"
#include "services/preference/api/recipient_handlers.h"
#include "services/preference/api/school_handlers.h"
#include "services/preference/api/suppression_handlers.h"

namespace lmsmail::preference {

class PreferenceService final : public rpc::BoundService<v1::PreferenceService> {
 public:
  PreferenceService(rpc::CallRunner& runner, RecipientHandlers& recipients,
                    ConsentHandlers& consent, LinkHandlers& links,
                    SuppressionHandlers& suppressions, SchoolHandlers& school,
                    ErasureHandlers& erasures, personal_data::ExportHandlers& exports,
                    audit::AuditHandlers& audit);
};

}  // namespace lmsmail::preference
