// A program that imports FDLPublishing has all that its API speaks of.
@_exported public import FDLCore
@_exported public import FDLCrypto
@_exported public import FDLSystem
@_exported public import FDLTrust
