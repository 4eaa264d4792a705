// A program that imports FDLServer has all that its API speaks of.
@_exported public import FDLCore
@_exported public import FDLSystem
