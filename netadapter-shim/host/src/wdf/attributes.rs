//! What a create function requires of an object's attributes.

use super::handle;
use super::kind::{ObjectKind, ParentRule};
use netadapter_abi::nt::{NTSTATUS, STATUS_INFO_LENGTH_MISMATCH};
use netadapter_abi::wdf::{
    STATUS_WDF_EXECUTION_LEVEL_INVALID, STATUS_WDF_OBJECT_ATTRIBUTES_INVALID,
    STATUS_WDF_PARENT_ASSIGNMENT_NOT_ALLOWED, STATUS_WDF_PARENT_NOT_SPECIFIED,
    STATUS_WDF_SYNCHRONIZATION_SCOPE_INVALID, WDF_OBJECT_ATTRIBUTES, WDFOBJECT,
    WdfExecutionLevelDispatch, WdfExecutionLevelInheritFromParent, WdfExecutionLevelInvalid,
    WdfExecutionLevelPassive, WdfSynchronizationScopeInheritFromParent,
    WdfSynchronizationScopeInvalid, WdfSynchronizationScopeNone,
};

/// Checks attributes and gives the parent: the one they name, else `default_parent`.
pub(super) fn validate(
    kind: ObjectKind,
    default_parent: Option<WDFOBJECT>,
    attributes: Option<&WDF_OBJECT_ATTRIBUTES>,
) -> Result<Option<WDFOBJECT>, NTSTATUS> {
    let rules = kind.rules();
    let Some(attributes) = attributes else {
        return match rules.parent {
            ParentRule::Required if default_parent.is_none() => {
                Err(STATUS_WDF_OBJECT_ATTRIBUTES_INVALID)
            }
            _ => Ok(default_parent),
        };
    };
    validate_context(attributes)?;
    if !rules.levels {
        if attributes.SynchronizationScope != WdfSynchronizationScopeInheritFromParent {
            return Err(STATUS_WDF_SYNCHRONIZATION_SCOPE_INVALID);
        }
        if attributes.ExecutionLevel != WdfExecutionLevelInheritFromParent {
            return Err(STATUS_WDF_EXECUTION_LEVEL_INVALID);
        }
    }
    let named = Some(attributes.ParentObject).filter(|parent| !parent.is_null());
    match (rules.parent, named) {
        (ParentRule::Forbidden, Some(_)) => Err(STATUS_WDF_PARENT_ASSIGNMENT_NOT_ALLOWED),
        (ParentRule::Required, None) if default_parent.is_none() => {
            Err(STATUS_WDF_PARENT_NOT_SPECIFIED)
        }
        (_, Some(parent)) => Ok(Some(handle::resolve_any(parent).handle())),
        (_, None) => Ok(default_parent),
    }
}

/// Checks what holds for attributes of any object and of additional contexts.
pub(super) fn validate_context(attributes: &WDF_OBJECT_ATTRIBUTES) -> Result<(), NTSTATUS> {
    if attributes.Size as usize != size_of::<WDF_OBJECT_ATTRIBUTES>() {
        return Err(STATUS_INFO_LENGTH_MISMATCH);
    }
    // SAFETY: *WDF_OBJECT_ATTRIBUTES structure*: null or a type declared by the driver.
    let type_info = unsafe { attributes.ContextTypeInfo.as_ref() };
    let unnamed = type_info.is_some_and(|info| info.ContextSize > 0 && info.ContextName.is_null());
    let size_override = attributes.ContextSizeOverride;
    let bad_override =
        size_override != 0 && type_info.is_none_or(|info| size_override < info.ContextSize);
    let level = attributes.ExecutionLevel;
    let scope = attributes.SynchronizationScope;
    let bad_level = level <= WdfExecutionLevelInvalid || level > WdfExecutionLevelDispatch;
    let bad_scope = scope <= WdfSynchronizationScopeInvalid || scope > WdfSynchronizationScopeNone;
    if unnamed || bad_override || bad_level || bad_scope {
        return Err(STATUS_WDF_OBJECT_ATTRIBUTES_INVALID);
    }
    Ok(())
}

/// Whether the attributes ask for callbacks at PASSIVE_LEVEL.
pub(super) fn is_passive(attributes: &WDF_OBJECT_ATTRIBUTES) -> bool {
    attributes.ExecutionLevel == WdfExecutionLevelPassive
}
