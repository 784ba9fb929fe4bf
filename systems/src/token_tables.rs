//! Tokens by entity, at the price of a slice's element: a query looks a row's table up anew each time.

use bevy_ecs::change_detection::ContiguousMut;
use bevy_ecs::entity::Entities;
use bevy_ecs::prelude::*;
use bevy_ecs::system::SystemParam;
use throng_components::token::Token;

/// All tokens, for a system that goes through many of them by their entities. What it writes does not count as a change.
#[derive(SystemParam)]
pub struct Tokens<'w, 's> {
    query: Query<'w, 's, (Entity, &'static mut Token)>,
    places: &'w Entities,
}

impl Tokens<'_, '_> {
    /// The tables that hold them.
    pub fn tables(&mut self) -> TokenTables<'_> {
        let tables = self.query.contiguous_iter_mut().into_iter().flatten();

        TokenTables { places: self.places, tables: tables.collect() }
    }
}

/// The tables that hold tokens: one, and one more for each set of components that somebody has put on some of them.
pub struct TokenTables<'a> {
    places: &'a Entities,
    /// Which entity stands in each row, and its token.
    tables: Vec<(&'a [Entity], ContiguousMut<'a, Token>)>,
}

impl TokenTables<'_> {
    /// The token of an entity; `None` when it has gone.
    #[inline]
    pub fn get_mut(&mut self, entity: Entity) -> Option<&mut Token> {
        let row = self.places.get_spawned(entity).ok()?.table_row.index();
        let (_, tokens) = self.tables.iter_mut().find(|(entities, _)| entities.get(row) == Some(&entity))?;
        tokens.bypass_change_detection().get_mut(row)
    }
}

#[cfg(test)]
mod tests {
    use bevy_ecs::system::RunSystemOnce;
    use throng_components::token::TokenState;

    use super::*;

    #[derive(Component)]
    struct Marked;

    #[test]
    fn a_token_is_found_wherever_it_has_moved() {
        let mut world = World::new();
        let token = |sequence| Token { sequence, state: TokenState::Planned, ..Token::SPENT };
        let all: Vec<Entity> = (0..100).map(|sequence| world.spawn(token(sequence)).id()).collect();
        // Whoever goes leaves its row to the last one; whoever is marked moves to another table.
        for (number, entity) in all.iter().enumerate() {
            match number % 5 {
                1 => _ = world.despawn(*entity),
                3 => _ = world.entity_mut(*entity).insert(Marked),
                _ => {}
            }
        }
        let find = move |mut tokens: Tokens<'_, '_>| {
            let mut tables = tokens.tables();
            let sequence = |entity: &Entity| tables.get_mut(*entity).map(|token| token.sequence);
            all.iter().map(sequence).collect::<Vec<_>>()
        };
        let found = world.run_system_once(find).expect("it can run");
        let expected: Vec<_> = (0..100).map(|number| (number % 5 != 1).then_some(number)).collect();
        assert_eq!(found, expected);
    }
}
