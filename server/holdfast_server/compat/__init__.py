"""Every private hook of a dependency that Holdfast leans on, each with a canary test."""
