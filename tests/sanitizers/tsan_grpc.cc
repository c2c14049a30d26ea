// Debian's gRPC is built without the thread sanitizer and passes events between threads with
// atomics. This file interposes the functions that put an event, identified by its tag, into a
// completion queue and take it out, and reports to the sanitizer that the first happens before the
// second.
//
// This covers gRPC's callbacks, because gRPC runs them on threads that wait for a completion queue.

#include <grpc/grpc.h>
#include <sanitizer/tsan_interface.h>

#include <cstddef>

#include "tests/sanitizers/real_function.h"

namespace {

using lmsmail::testing::RealFunction;

// grpc_cq_end_op(grpc_completion_queue*, void* tag, absl::Status, void (*done)(void*,
// grpc_cq_completion*), void*, grpc_cq_completion*, bool), which no gRPC header declares. The
// status is passed as a pointer, like every type with a destructor.
#define CQ_END_OP                                                                                  \
  "_Z14grpc_cq_end_opP21grpc_completion_queuePvN4absl7debian36StatusEPFvS1_P18grpc_cq_completionE" \
  "S1_S6_b"

using Done = void (*)(void*, void*);
constinit RealFunction<void(grpc_completion_queue*, void*, void*, Done, void*, void*, bool)>
    real_end_op{CQ_END_OP};
constinit RealFunction<grpc_call_error(grpc_call*, const grpc_op*, std::size_t, void*, void*)>
    real_start_batch{"grpc_call_start_batch"};
constinit RealFunction<grpc_event(grpc_completion_queue*, gpr_timespec, void*)> real_next{
    "grpc_completion_queue_next"};
constinit RealFunction<grpc_event(grpc_completion_queue*, void*, gpr_timespec, void*)> real_pluck{
    "grpc_completion_queue_pluck"};

void Receive(const grpc_event& event) {
  if (event.type == GRPC_OP_COMPLETE) __tsan_acquire(event.tag);
}

}  // namespace

void EndOp(grpc_completion_queue* queue, void* tag, void* status, Done done, void* argument,
           void* completion, bool internal) asm(CQ_END_OP);
void EndOp(grpc_completion_queue* queue, void* tag, void* status, Done done, void* argument,
           void* completion, bool internal) {
  __tsan_release(tag);
  real_end_op(queue, tag, status, done, argument, completion, internal);
}

extern "C" {

grpc_call_error grpc_call_start_batch(grpc_call* call, const grpc_op* ops, std::size_t count,
                                      void* tag, void* reserved) {
  __tsan_release(tag);
  return real_start_batch(call, ops, count, tag, reserved);
}

grpc_event grpc_completion_queue_next(grpc_completion_queue* queue, gpr_timespec deadline,
                                      void* reserved) {
  const grpc_event event = real_next(queue, deadline, reserved);
  Receive(event);
  return event;
}

grpc_event grpc_completion_queue_pluck(grpc_completion_queue* queue, void* tag,
                                       gpr_timespec deadline, void* reserved) {
  const grpc_event event = real_pluck(queue, tag, deadline, reserved);
  Receive(event);
  return event;
}

}  // extern "C"
