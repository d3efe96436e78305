//! Offers an exception to the handlers of the driver's frames.

use super::code::ExceptionCode;
use super::record::{
    Context, DispatcherContext, ExceptionRecord, PARAMETERS_MAX, TARGET_UNWIND, UNWINDING,
};
use super::scope::CONTINUE_EXECUTION;
use crate::image::{Frame, Handler, LoadedImage};
use crate::trap::{self, Registers, Resumption};
use core::ffi::c_void;
use netadapter_abi::nt_fn;

/// Deeper than a kernel stack can be with functions of ordinary size.
const FRAMES_MAX: usize = 256;

/// An exception under way.
struct Dispatch<'a> {
    image: &'a LoadedImage,
    record: ExceptionRecord,
    context: Context,
}

/// Offers an exception to the driver's handlers. `registers` are those of the instruction that
/// raised it, which lies in the image. Nothing if no handler takes it.
///
/// Calls driver code on the present stack, which has to lie below the frames of the driver.
pub fn dispatch(
    image: &LoadedImage,
    code: &ExceptionCode,
    registers: &Registers,
) -> Option<Resumption> {
    let mut parameters = [0; PARAMETERS_MAX];
    let count = code.parameters.len().min(PARAMETERS_MAX);
    parameters[..count].copy_from_slice(&code.parameters[..count]);
    let mut dispatch = Dispatch {
        image,
        record: ExceptionRecord {
            code: code.status,
            flags: 0,
            nested: 0,
            address: registers.rip,
            parameter_count: count as u32,
            parameters,
        },
        context: Context::of(registers),
    };
    let start = Frame::new(registers.general.map(Some), registers.rip);
    match dispatch.search(&start)? {
        Found::Continue => Some(Resumption {
            registers: dispatch.context.registers(),
            vectors: Vec::new(),
        }),
        Found::Execute { establisher, ip } => dispatch.unwind(start, establisher, ip, registers),
    }
}

/// What a handler has decided.
enum Found {
    /// Go on where the exception was raised.
    Continue,
    /// Go on at `ip` of a frame.
    Execute { establisher: u64, ip: u64 },
}

impl Dispatch<'_> {
    /// Asks the handlers, innermost first.
    fn search(&mut self, start: &Frame) -> Option<Found> {
        let mut frame = start.clone();
        let mut is_return_address = false;
        for _ in 0..FRAMES_MAX {
            if !self.image.contains(frame.rip) {
                return None;
            }
            let handler = frame.handler(self.image, is_return_address);
            if let Some(handler) = handler.filter(Handler::handles_exceptions) {
                let (answer, ip) = self.call(&handler, &frame, 0);
                if answer == CONTINUE_EXECUTION {
                    return Some(Found::Continue);
                }
                if ip != 0 {
                    let establisher = handler.establisher;
                    return Some(Found::Execute { establisher, ip });
                }
            }
            frame.step(self.image, is_return_address, &trap::read_u64)?;
            is_return_address = true;
        }
        None
    }

    /// Leaves the frames inside the one with `establisher`, with what they have to do then.
    fn unwind(
        &mut self,
        start: Frame,
        establisher: u64,
        ip: u64,
        registers: &Registers,
    ) -> Option<Resumption> {
        let mut frame = start;
        let mut is_return_address = false;
        self.record.flags |= UNWINDING;
        for _ in 0..FRAMES_MAX {
            let handler = frame.handler(self.image, is_return_address);
            let is_target = handler.is_some_and(|handler| handler.establisher == establisher);
            if is_target {
                self.record.flags |= TARGET_UNWIND;
            }
            if let Some(handler) = handler.filter(Handler::handles_unwinding) {
                self.call(&handler, &frame, ip);
            }
            if is_target {
                return Some(self.resume(&frame, ip, registers));
            }
            frame.step(self.image, is_return_address, &trap::read_u64)?;
            is_return_address = true;
        }
        None
    }

    /// Calls a handler; its answer, and where it has decided to go on.
    fn call(&mut self, handler: &Handler, frame: &Frame, target_ip: u64) -> (i32, u64) {
        let mut unwound = self.context.clone();
        for (place, value) in unwound.general.iter_mut().zip(frame.general) {
            *place = value.unwrap_or_default();
        }
        unwound.rip = frame.rip;
        let mut dispatcher = DispatcherContext {
            control_pc: frame.rip,
            image_base: self.image.base(),
            function_entry: handler.function_entry,
            establisher: handler.establisher,
            target_ip,
            context: &mut unwound,
            language_handler: handler.address,
            handler_data: handler.data,
            history_table: 0,
            scope_index: 0,
            fill: 0,
            decided_ip: 0,
        };
        // SAFETY: the function's handler, whose address its unwind information gives.
        let address: nt_fn!(
            fn(*mut ExceptionRecord, u64, *mut Context, *mut DispatcherContext) -> i32
        ) = unsafe { std::mem::transmute(handler.address as *const c_void) };
        // SAFETY: language handlers have this type, and everything is valid during the call.
        let answer = unsafe {
            address(
                &mut self.record,
                handler.establisher,
                &mut self.context,
                &mut dispatcher,
            )
        };
        (answer, dispatcher.decided_ip)
    }

    /// The registers with which an `__except` block begins: those of its frame, and the code.
    fn resume(&self, frame: &Frame, ip: u64, registers: &Registers) -> Resumption {
        let mut general = registers.general;
        for (place, value) in general.iter_mut().zip(frame.general) {
            *place = value.unwrap_or(*place);
        }
        general[Registers::RAX] = self.record.code.into();
        let saved = frame.vectors.iter().enumerate();
        Resumption {
            registers: Registers {
                general,
                rip: ip,
                rflags: registers.rflags,
            },
            vectors: saved
                .filter_map(|(number, place)| {
                    let low = trap::read_u64((*place)?)?;
                    let high = trap::read_u64(place.map(|place| place + 8)?)?;
                    Some((number, [low, high]))
                })
                .collect(),
        }
    }
}
