#pragma once

#include "absl/status/status.h"

#include "libs/postgres/pool.h"

namespace lmsmail::service {

// Makes rpc::MakePageToken() sign with the key of the service's schema.
absl::Status UsePageTokenKey(postgres::Pool& pool);

}  // namespace lmsmail::service
