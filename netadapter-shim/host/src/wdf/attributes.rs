//! What a create function requires of an object's attributes.

use super::handle;
use super::io::Scope;
use super::kind::{ObjectKind, ParentRule};
use netadapter_abi::nt::{NTSTATUS, STATUS_INFO_LENGTH_MISMATCH};
use netadapter_abi::wdf::{
    STATUS_WDF_EXECUTION_LEVEL_INVALID, STATUS_WDF_OBJECT_ATTRIBUTES_INVALID,
    STATUS_WDF_PARENT_ASSIGNMENT_NOT_ALLOWED, STATUS_WDF_PARENT_NOT_SPECIFIED,
    STATUS_WDF_SYNCHRONIZATION_SCOPE_INVALID, WDF_OBJECT_ATTRIBUTES, WDFOBJECT,
    WdfExecutionLevelDispatch, WdfExecutionLevelInheritFromParent, WdfExecutionLevelInvalid,
    WdfExecutionLevelPassive, WdfSynchronizationScopeDevice,
    WdfSynchronizationScopeInheritFromParent, WdfSynchronizationScopeInvalid,
    WdfSynchronizationScopeNone, WdfSynchronizationScopeQueue,
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

/// Whether the attributes set an execution level or a synchronization scope.
pub(super) fn has_levels(attributes: &WDF_OBJECT_ATTRIBUTES) -> bool {
    attributes.ExecutionLevel != WdfExecutionLevelInheritFromParent
        || attributes.SynchronizationScope != WdfSynchronizationScopeInheritFromParent
}

/// Where an object's callbacks run, and what serialises them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Constraints {
    /// At PASSIVE_LEVEL.
    pub(super) passive: bool,
    pub(super) scope: Scope,
}

impl Constraints {
    /// What a driver's objects have if nothing is said (*fxdriver.cpp*): any level, no
    /// serialisation.
    pub(super) const DEFAULT: Self = Self {
        passive: false,
        scope: Scope::None,
    };

    /// What an object below one with these constraints has.
    pub(super) fn overridden(self, attributes: Option<&WDF_OBJECT_ATTRIBUTES>) -> Self {
        let Some(attributes) = attributes else {
            return self;
        };
        let levels = [
            (WdfExecutionLevelPassive, true),
            (WdfExecutionLevelDispatch, false),
        ];
        let scopes = [
            (WdfSynchronizationScopeDevice, Scope::Device),
            (WdfSynchronizationScopeQueue, Scope::Queue),
            (WdfSynchronizationScopeNone, Scope::None),
        ];
        Self {
            passive: pick(&levels, attributes.ExecutionLevel).unwrap_or(self.passive),
            scope: pick(&scopes, attributes.SynchronizationScope).unwrap_or(self.scope),
        }
    }
}

fn pick<T: Copy>(known: &[(i32, T)], value: i32) -> Option<T> {
    let found = known.iter().find(|(known, _)| *known == value);
    found.map(|(_, meaning)| *meaning)
}
