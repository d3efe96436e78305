// The table of deeds, for the driver and for the tests that run it. A line is a moment, a function
// in `breaks/` that breaks a rule at that moment, and the rule that the host must name.
// Each deed can also be done right: then nothing may be found.
macro_rules! deeds {
    ($then:ident) => {
        $then! {
            PrepareHardware call_passive_function_at_dispatch IRQL_IS_NOT_PASSIVE;
            PrepareHardware wait_at_dispatch IRQL_TOO_HIGH;
            PrepareHardware use_null_handle WDF_INVALID_HANDLE;
            PrepareHardware call_what_no_host_has NOT_IMPLEMENTED_BY_HOST;
            PrepareHardware free_pool_twice BAD_POOL_CALLER;
            PrepareHardware free_pool_with_other_tag BAD_POOL_CALLER;
            PrepareHardware write_behind_pool_block POOL_OVERRUN;
            PrepareHardware write_behind_short_pool_block POOL_OVERRUN;
            PrepareHardware write_in_front_of_pool_block POOL_OVERRUN;
            PrepareHardware read_freed_pool POOL_USE_AFTER_FREE;
            PrepareHardware leak_pool POOL_LEAKED;
            PrepareHardware use_tag_of_control_characters BAD_POOL_TAG;
            PrepareHardware leave_processor_callback REGISTRATION_LEFT_BEHIND;
            QueryStop leave_thread_running THREAD_OUTLIVES_DRIVER;
            PrepareHardware close_handle_twice INVALID_KERNEL_HANDLE;
            PrepareHardware leave_handle_open REGISTRATION_LEFT_BEHIND;
            PrepareHardware dereference_too_often REFERENCE_BY_POINTER;
            PrepareHardware terminate_foreign_thread TERMINATED_FOREIGN_THREAD;
            PrepareHardware release_foreign_spin_lock SPIN_LOCK_NOT_OWNED;
            PrepareHardware read_through_null ACCESS_VIOLATION;
            PrepareHardware remove_unknown_notification NOT_A_NOTIFICATION_ENTRY;
            Started set_capabilities_after_start ADAPTER_ALREADY_STARTED;
            Started return_at_dispatch WDF_VERIFIER_IRQL_MISMATCH;
            QueryStop refuse_to_stop QUERY_STOP_FAILED;
            Advance move_begin_past_end INVALID_RING_BEGIN_INDEX;
            Advance change_ring_header INVALID_RING_IMMUTABLE;
            ProcessorChange write_to_change_context CHANGE_CONTEXT_MODIFIED;
        }
    };
}
pub(crate) use deeds;
