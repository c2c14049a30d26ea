#pragma once

#include <google/rpc/status.pb.h>

#include <string>

// Errors of the Connect protocol (https://connectrpc.com/docs/protocol/#error-codes).
namespace lmsmail::gateway {

// The HTTP status of an answer with this code of google.rpc.Code; that of UNKNOWN for others.
int HttpStatusOf(int code);

// The body of such an answer: {"code": "not_found", "message": "...", "details": [...]}. A detail
// has its bytes in `value` and, for people, its JSON in `debug` if its type is known here.
std::string ErrorJson(const google::rpc::Status& status);

}  // namespace lmsmail::gateway
