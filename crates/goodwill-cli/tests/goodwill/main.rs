//! The command as people and programs use it: real processes, real network, real disk.

mod api;
mod associations;
mod bench;
mod commands;
mod contracts;
mod crash;
mod demo;
mod explain;
mod kills;
mod mining;
mod offline;
mod processes;
mod sandbox;
mod world;
