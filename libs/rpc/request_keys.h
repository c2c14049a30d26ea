#pragma once

#include <google/protobuf/message.h>

namespace lmsmail::rpc {

// Gives each field of `request` with the option (lmsmail.type.v1.key) its one spelling, also in
// nested messages of the suite. Thread-safe.
void NormalizeKeys(google::protobuf::Message& request);

}  // namespace lmsmail::rpc
